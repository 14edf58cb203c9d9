"""What a Service hears when it asks about one access token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gatepass.auth import usecases
from gatepass.jose import jwt
from gatepass.oauth import says_stale

if TYPE_CHECKING:
    from tests.server_world import World


async def ask(world: World, token: str) -> bytes:
    async with world.client(authorization=f"Bearer {token}") as client:
        return (await client.post("/api/token/check")).content


async def test_a_token_that_holds_is_told_with_what_it_says(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client))["access_token"]
    claims = jwt.peek(token).claims
    async with world.client(authorization=f"Bearer {token}") as client:
        told = (await client.post("/api/token/check")).json()
    assert told.pop("active") is True
    assert told == {name: value for name, value in claims.items() if name not in {"jti", "nbf"}}


async def test_a_stale_token_is_told_apart_from_one_that_is_revoked(world: World) -> None:
    store = world.auth.store
    await usecases.define_role(world.auth, name="doctor", permissions={"a:read"}, now=world.now)
    await usecases.add_user(
        world.auth,
        email="doc@example.org",
        password="correct horse battery",
        first_name="D",
        last_name="O",
        roles={"doctor"},
        actor="cli",
        now=world.now,
    )
    async with world.client() as client:
        body = {"email": "doc@example.org", "password": "correct horse battery", "mode": "token"}
        tokens = (await client.post("/api/login", json=body)).json()
        await usecases.define_role(world.auth, name="doctor", permissions={"b:read"}, now=world.now)
        stale = await ask(world, tokens["access_token"])
        assert stale == b'{"active":false,"stale":true}'
        assert says_stale(stale)
        refresh = {"refresh_token": tokens["refresh_token"]}
        renewed = (await client.post("/api/refresh", json=refresh)).json()
    assert b'"active":true' in await ask(world, renewed["access_token"])
    found = await store.session_by_sid(tokens["sid"])
    assert found is not None
    await usecases.log_out(world.auth, session=found[0], actor=found[1], now=world.now)
    for token in (tokens["access_token"], renewed["access_token"]):
        ended = await ask(world, token)
        assert ended == b'{"active":false}'
        assert not says_stale(ended)


@pytest.mark.parametrize(
    "answer", [b"", b"{}", b"[]", b'{"active":true,"stale":true}', b'{"stale":true}', b"\xff"]
)
def test_nothing_else_says_stale(answer: bytes) -> None:
    assert not says_stale(answer)
