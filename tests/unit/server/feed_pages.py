"""The revocation feed as a test asks for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gatepass.auth import Revoked, revocations
from gatepass.jose import jwt
from gatepass.oauth import Page, revocations_policy
from gatepass.server.routes import revocations as routes

if TYPE_CHECKING:
    import httpx
    from tests.server_world import World


WITHIN = 60  # seconds: what does not come at all is told by then
POLICY = revocations_policy(issuer="http://127.0.0.1:8000", algorithms=frozenset({"ES256"}))


def read(world: World, text: str) -> Page:
    """Verify a page as a Service does."""
    keys = world.auth.keyring.ring.published
    return Page.from_claims(jwt.verify(text, keys, POLICY, now=world.now).claims)


async def kick(world: World, *names: str) -> None:
    await world.auth.store.commit(
        *(Revoked(revocations.session_ended(name, "user", now=world.now)) for name in names)
    )


async def get(world: World, query: str = "", **headers: str) -> httpx.Response:
    async with world.client(**headers) as client:
        answer = await client.get(routes.PATH + query)
    assert answer.status_code in {200, 304}, answer.text
    return answer


async def page(world: World, query: str = "") -> Page:
    return read(world, (await get(world, query)).text)


def marks(found: Page) -> list[int]:
    return [selector.mark for selector in found.selectors]


async def until(hold: Any) -> None:
    async with asyncio.timeout(WITHIN):
        while not hold():  # noqa: ASYNC110 (it happens within turns of this loop)
            await asyncio.sleep(0)
