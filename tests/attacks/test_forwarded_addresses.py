"""Headers that say where a request comes from: believed from a trusted proxy, a stranger's word otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from gatepass.auth import Limit, usecases

if TYPE_CHECKING:
    from tests.server_world import MakeWorld, World


WRONG = {"email": "nobody@example.org", "password": "x"}
PROXY = "10.0.0.1"

# Who sends it, and the header by which each attempt would be somebody else's.
SPOOFS = {
    "X-Forwarded-For, no proxy is trusted": ((), PROXY, "x-forwarded-for", "{}"),
    "X-Forwarded-For, from a stranger": (("10.0.0.0/8",), "192.0.2.7", "x-forwarded-for", "{}"),
    "to the left of what the proxy saw": (("10.0.0.0/8",), PROXY, "x-forwarded-for", "{}, 192.0.2.7"),
    "a proxy of ours to the left": (("10.0.0.0/8",), PROXY, "x-forwarded-for", "{}, 10.0.0.9, 192.0.2.7"),
    "Forwarded, RFC 7239": (("10.0.0.0/8",), PROXY, "forwarded", "for={}"),
    "X-Real-IP": (("10.0.0.0/8",), PROXY, "x-real-ip", "{}"),
    "X-Forwarded-Host": (("10.0.0.0/8",), PROXY, "x-forwarded-host", "{}"),
}


async def tried(world: World, peer: str, header: str, value: str) -> list[int]:
    transport = httpx.ASGITransport(world.app, client=(peer, 1), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=world.config.issuer) as client:
        return [
            (
                await client.post(
                    "/api/login",
                    json=WRONG | {"email": f"nobody{i}@example.org"},
                    headers={header: value.format(f"203.0.113.{i}")},
                )
            ).status_code
            for i in range(4)
        ]


async def made(make: MakeWorld, proxies: tuple[str, ...]) -> World:
    world = make(terms={"address_limit": Limit(2, 900)}, trusted_proxies=proxies)
    await usecases.keep_keys(world.auth, now=world.now)
    return world


@pytest.mark.parametrize(("proxies", "peer", "header", "value"), SPOOFS.values(), ids=SPOOFS)
async def test_nobody_escapes_the_limit_by_a_header(
    make_world: MakeWorld, proxies: tuple[str, ...], peer: str, header: str, value: str
) -> None:
    world = await made(make_world, proxies)
    assert await tried(world, peer, header, value) == [401, 401, 429, 429]
    told = {recorded.event.address for recorded in await world.auth.store.events_after(0, 100)}
    assert not [address for address in told if address and address.startswith("203.0.113.")]


async def test_the_twin_four_people_behind_a_trusted_proxy_have_a_limit_each(make_world: MakeWorld) -> None:
    world = await made(make_world, ("10.0.0.0/8",))
    assert await tried(world, PROXY, "x-forwarded-for", "6.6.6.6, {}") == [401] * 4
