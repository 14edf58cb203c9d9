"""What every answer carries, and whom another origin's page may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.server_world import MakeWorld, World

APP = "http://127.0.0.1:8001"
PATHS = ["/login", "/", "/nowhere", "/api/me", "/api/nowhere", "/api/counters", "/healthz", "/readyz"]


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_sniffed_framed_or_kept(world: World, path: str) -> None:
    async with world.client() as client:
        answer = await client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action " in policy
    assert "unsafe" not in policy
    assert "strict-transport-security" not in answer.headers


async def test_a_page_runs_no_script_and_sends_forms_to_us_and_our_apps_alone(world: World) -> None:
    async with world.client() as client:
        answer = await client.get("/login")
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action 'self' {APP}; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


EMBEDDED = ["/", "/password", "/profile", "/logout", "/api/me", "/api/sessions"]


@pytest.mark.parametrize("path", EMBEDDED)
async def test_what_a_cookie_opens_is_embedded_by_nobody_else(world: World, path: str) -> None:
    browser = await world.browser()
    answer = await browser.get(path)
    assert (answer.status_code, answer.headers["cross-origin-resource-policy"]) == (200, "same-origin")


async def test_on_https_browsers_stay_there_and_the_cookie_is_bound_to_the_host(
    make_world: MakeWorld,
) -> None:
    world = make_world(issuer="https://login.example.org", app_origins=())
    await world.add()
    async with world.client(origin="https://login.example.org") as client:
        form = {"email": "ann@example.org", "password": "correct horse battery"}
        answer = await client.post("/login", data=form)
        assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
        assert answer.headers["set-cookie"].startswith("__Host-gatepass_session=gps_")
        assert answer.headers["set-cookie"].endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
        assert (await client.get("/api/me")).status_code == 200


async def test_where_others_live_below_auth_https_is_for_its_own_host(make_world: MakeWorld) -> None:
    world = make_world(issuer="https://example.org", app_origins=(), hsts="host")
    async with world.client() as client:
        answer = await client.get("/login")
    assert answer.headers["strict-transport-security"] == "max-age=63072000"


async def test_a_configured_app_may_read_with_the_cookie(world: World) -> None:
    browser = await world.browser()
    answer = await browser.get("/api/me", headers={"origin": APP})
    assert answer.headers["access-control-allow-origin"] == APP
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["vary"] == "Origin"


STRANGERS = ["https://evil.example", "null", f"{APP}.evil.example", f"{APP}/", APP.upper(), "*", ""]


@pytest.mark.parametrize("origin", STRANGERS)
async def test_another_origin_may_read_nothing(world: World, origin: str) -> None:
    async with world.client(origin=origin) as client:
        asks = {"access-control-request-method": "POST"}
        for answer in (await client.get("/api/me"), await client.options("/api/login", headers=asks)):
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["vary"] == "Origin"


async def test_a_configured_app_may_ask_before_and_is_not_counted(world: World) -> None:
    asks = {"origin": APP, "access-control-request-method": "POST"}
    async with world.client() as client:
        before = (await client.get("/api/counters")).json()["requests"]
        answer = await client.options("/api/refresh", headers=asks)
        assert answer.status_code == 204
        assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type"
        assert answer.headers["access-control-max-age"] == "7200"
        assert (await client.get("/api/counters")).json()["requests"] == before


async def test_a_page_is_no_app_s_to_read(world: World) -> None:
    browser = await world.browser()
    answer = await browser.get("/", headers={"origin": APP})
    assert "access-control-allow-origin" not in answer.headers


async def test_keys_may_be_cached_and_are_not_sent_twice(world: World) -> None:
    async with world.client() as client:
        first = await client.get("/.well-known/jwks.json")
        assert first.headers["cache-control"] == "public, max-age=300"
        tag = first.headers["etag"]
        for asked, status in {tag: 304, f'"x", W/{tag}': 304, "*": 304, '"x"': 200}.items():
            again = await client.get("/.well-known/jwks.json", headers={"if-none-match": asked})
            assert again.status_code == status
        assert all("d" not in key for key in first.json()["keys"])


async def test_counters_count_where_it_happens(world: World) -> None:
    async with world.client() as client:
        session_id = await world.session(client)
        before = (await client.get("/api/counters")).json()
        for _ in range(4):
            await client.post("/api/session/check", headers={"authorization": f"Bearer {session_id}"})
        after = (await client.get("/api/counters")).json()
    assert after["requests"] - before["requests"] == 4
    assert after["lookups"] - before["lookups"] == 4
    assert after["by_route"]["POST /api/session/check"] == 4
