"""Requests that a browser was tricked into: refused; the same request from a page of ours: accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.server_world import World

OWN = "http://127.0.0.1:8000"
APP = "http://127.0.0.1:8001"

REFUSED: dict[str, dict[str, str]] = {
    "another site's form": {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
    "another site's form, an old browser": {"origin": "https://evil.example"},
    "a neighbour under the same domain": {"origin": "http://127.0.0.1:9999", "sec-fetch-site": "same-site"},
    "a sandboxed frame": {"origin": "null", "sec-fetch-site": "cross-site"},
    "a privacy-minded redirect": {"origin": "null"},
    "no word on where it comes from": {},
    "a typed address": {"sec-fetch-site": "none"},
    "our origin with a tail": {"origin": f"{OWN}.evil.example"},
    "our origin with a path": {"origin": f"{OWN}/"},
    "our origin in capitals": {"origin": OWN.upper()},
    "our origin at another scheme": {"origin": "https://127.0.0.1:8000"},
    "our own referrer alone": {"referer": f"{OWN}/"},
    "our host alone": {"host": "127.0.0.1:8000"},
}

ACCEPTED: dict[str, dict[str, str]] = {
    "our own page": {"origin": OWN, "sec-fetch-site": "same-origin"},
    "our own page, an old browser": {"origin": OWN},
    "our own page, without Origin": {"sec-fetch-site": "same-origin"},
    "a configured application": {"origin": APP, "sec-fetch-site": "same-site"},
}

# Everything that a cookie can authorise and that changes something.
TARGETS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "log out over JSON": ("POST", "/api/logout", {}),
    "log out by the form": ("POST", "/logout", {"content": b"", "form": True}),
    "end the others": ("POST", "/api/sessions/end-others", {}),
    "end the others by the form": ("POST", "/sessions/end-others", {}),
    "end one": ("DELETE", "/api/sessions/AAAAAAAAAAAAAAAAAAAAAA", {}),
    "end one by the form": ("POST", "/sessions/AAAAAAAAAAAAAAAAAAAAAA/end", {}),
    "get tokens": ("POST", "/api/tokens", {"json": {}}),
    "kick": ("DELETE", "/api/admin/sessions/AAAAAAAAAAAAAAAAAAAAAA", {}),
}


async def status_of(world: World, target: str, headers: dict[str, str]) -> int:
    browser = await world.browser()
    method, path, options = TARGETS[target]
    given = dict(headers)
    if options.get("form"):
        given["content-type"] = "application/x-www-form-urlencoded"
    json = options.get("json")
    return (await browser.request(method, path, headers=given, json=json)).status_code


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("attack", REFUSED)
async def test_refused(world: World, attack: str, target: str) -> None:
    assert await status_of(world, target, REFUSED[attack]) == 403


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("twin", ACCEPTED)
async def test_accepted(world: World, twin: str, target: str) -> None:
    await world.add("root@example.org", "gatepass:admin")
    status = await status_of(world, target, ACCEPTED[twin])
    # Ann is no administrator, and nobody has that session: both are answers, not refusals of the origin.
    assert status in {200, 204, 303, 404} or (target == "kick" and status == 403)


@pytest.mark.parametrize("attack", REFUSED)
async def test_nobody_else_s_form_logs_a_browser_in(world: World, attack: str) -> None:
    form = {"email": "ann@example.org", "password": "correct horse battery"}
    async with world.client() as client:
        answer = await client.post("/login", data=form, headers=REFUSED[attack])
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "This form did not come from this site" in answer.text


async def test_a_pass_in_the_header_needs_no_origin(world: World) -> None:
    async with world.client() as client:
        given = {"authorization": f"Bearer {await world.session(client)}", "origin": "https://evil.example"}
        assert (await client.post("/api/logout", headers=given)).status_code == 204


async def test_a_bad_pass_in_the_header_does_not_fall_back_to_the_cookie(world: World) -> None:
    browser = await world.browser()
    assert (await browser.get("/api/me")).status_code == 200
    answer = await browser.get("/api/me", headers={"authorization": "Bearer gps_x"})
    assert answer.json()["code"] == "invalid_token"


async def test_a_form_can_not_pose_as_json(world: World) -> None:
    async with world.client() as client:
        body = b'{"email":"ann@example.org","password":"correct horse battery","mode":"session"}'
        for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = await client.post("/api/login", content=body, headers={"content-type": media_type})
            assert answer.json()["code"] == "unsupported_media_type"
        json = {"content-type": "application/json; charset=utf-8"}
        assert (await client.post("/api/login", content=body, headers=json)).status_code == 200


async def test_the_api_never_sets_a_cookie(world: World) -> None:
    body = {"email": "ann@example.org", "password": "correct horse battery"}
    async with world.client(origin=OWN) as client:
        for mode in ("session", "token"):
            answer = await client.post("/api/login", json=body | {"mode": mode})
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers


async def test_the_session_check_takes_no_cookie(world: World) -> None:
    browser = await world.browser()
    answer = await browser.post("/api/session/check", headers={"origin": OWN})
    assert answer.json()["code"] == "unauthenticated"
