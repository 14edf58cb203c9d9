"""`GET /metrics`: what it says, to whom, and that nobody can make it grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.server_world import PASSWORD

from gatepass.auth import Secret, usecases

if TYPE_CHECKING:
    from tests.server_world import MakeWorld, World

TOKEN = "t" * 40
BEARER = {"authorization": f"Bearer {TOKEN}"}


async def made(make_world: MakeWorld, metrics: object = "loopback") -> World:
    world = make_world(metrics=metrics)
    await usecases.keep_keys(world.auth, now=world.now)
    await world.add()
    return world


def asking(world: World, peer: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.app, client=(peer, 1), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=world.config.issuer)


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Read it as Prometheus' own client does: name and label values → value."""
    families = list(text_string_to_metric_families(text))
    found = {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}
    assert len(found) == sum(len(family.samples) for family in families)
    return found


async def test_it_says_how_things_are(make_world: MakeWorld) -> None:
    world = await made(make_world)
    async with asking(world) as client:
        session_id = await world.session(client)
        tokens = await world.tokens(client)
        for _ in range(3):
            await client.post("/api/session/check", headers={"authorization": f"Bearer {session_id}"})
        await client.post("/api/login", json={"email": "ann@example.org", "password": "wrong"})
        form = {"email": "ann@example.org", "password": PASSWORD}
        await client.post("/login", data=form, headers={"origin": world.config.issuer})
        await client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
        await client.post("/api/refresh", json={"refresh_token": "nothing"})
        await client.get("/api/nothing")
        await client.get("/revocations")
        answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = samples(answer.text)
    expected = {
        ("gatepass_auth_requests_total", "POST /api/session/check", "200"): 3,
        ("gatepass_auth_request_seconds_count", "POST /api/session/check"): 3,
        ("gatepass_auth_request_seconds_bucket", "POST /api/session/check", "+Inf"): 3,
        ("gatepass_auth_requests_total", "no such route", "404"): 1,
        ("gatepass_auth_logins_total", "ok"): 3,
        ("gatepass_auth_logins_total", "login_refused"): 1,
        ("gatepass_auth_refreshes_total", "ok"): 1,
        ("gatepass_auth_refreshes_total", "refresh_malformed"): 1,
        ("gatepass_auth_feed_followers",): 0,
        ("gatepass_auth_feed_pages_total",): 1,
        ("gatepass_auth_feed_page_age_seconds",): 0,
        ("gatepass_auth_passwords_waiting",): 0,
        ("gatepass_auth_keys", "active"): 1,
        ("gatepass_auth_database_errors_total",): 0,
        ("gatepass_auth_database_commits_total",): world.auth.store.commits,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert "ann@example.org" not in answer.text


async def test_a_stranger_makes_no_new_label(make_world: MakeWorld) -> None:
    world = await made(make_world)
    async with asking(world) as client:
        sizes = []
        for text in ("a", "b", "c"):
            await client.get(f"/{text}")
            await client.request(text.upper() * 5, "/api/login")
            await client.delete(f"/api/admin/sessions/{text}")
            await client.post("/api/login", json={"email": text, "password": text})
            sizes.append(len(samples((await client.get("/metrics")).text)))
    assert sizes[1] == sizes[2]


FROM = {
    "this machine": ("127.0.0.1", {}, 200),
    "this machine, IPv6": ("::1", {}, 200),
    "elsewhere": ("192.0.2.7", {}, 404),
    "a proxy here, for somebody": ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, 404),
    "a proxy here, RFC 7239": ("127.0.0.1", {"forwarded": "for=192.0.2.7"}, 404),
}


@pytest.mark.parametrize(("peer", "headers", "status"), FROM.values(), ids=FROM)
async def test_loopback_means_this_machine_alone(
    make_world: MakeWorld, peer: str, headers: dict[str, str], status: int
) -> None:
    async with asking(await made(make_world), peer) as client:
        assert (await client.get("/metrics", headers=headers)).status_code == status


async def test_a_token_opens_it_from_anywhere_and_nothing_else_does(make_world: MakeWorld) -> None:
    world = await made(make_world, Secret(TOKEN.encode()))
    async with asking(world, "192.0.2.7") as client:
        assert (await client.get("/metrics", headers=BEARER)).status_code == 200
        assert (await client.get("/metrics")).status_code == 401
        wrong = {"authorization": f"Bearer {TOKEN[:-1]}u"}
        assert (await client.get("/metrics", headers=wrong)).status_code == 401
        mine = {"authorization": f"Bearer {await world.session(client)}"}
        assert (await client.get("/metrics", headers=mine)).status_code == 401


async def test_it_is_off_unless_asked_for(world: World) -> None:
    async with asking(world) as client:
        assert (await client.get("/metrics")).status_code == 404
