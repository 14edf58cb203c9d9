"""The shared-secret mode over HTTP: nothing is published, and a token proves nothing to Auth itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from gatepass.auth import usecases
from gatepass.jose import jwt
from gatepass.oauth import (
    SharedSecrets,
    access_token_policy,
    new_shared_secret,
    revocations_policy,
)

if TYPE_CHECKING:
    from tests.server_world import MakeWorld, World

HS256 = frozenset({"HS256"})


@pytest.fixture
def secrets() -> SharedSecrets:
    return SharedSecrets.parse(new_shared_secret(os.urandom))


@pytest.fixture
async def world(make_world: MakeWorld, secrets: SharedSecrets) -> World:
    made = make_world(shared_secrets=secrets)
    await usecases.change_algorithm(made.auth, now=made.now)
    await made.add("ann@example.org", "gatepass:admin")
    return made


async def test_nothing_is_published(world: World) -> None:
    async with world.client() as client:
        answer = await client.get("/.well-known/jwks.json")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "jwks_uri" not in (await client.get("/.well-known/oauth-authorization-server")).json()
        assert (await client.get("/readyz")).status_code == 200
    assert await world.auth.store.signing_keys() == []


async def test_tokens_and_the_feed_are_signed_with_the_secret(world: World, secrets: SharedSecrets) -> None:
    policy = access_token_policy(issuer=world.config.issuer, audience="clinic", algorithms=HS256)
    feed = revocations_policy(issuer=world.config.issuer, algorithms=HS256)
    async with world.client() as client:
        token = (await world.tokens(client))["access_token"]
        assert jwt.verify(token, secrets.keys, policy, now=world.now).kid == secrets.signing.kid
        page = (await client.get("/revocations")).text
        jwt.verify(page, secrets.keys, feed, now=world.now)


@pytest.mark.parametrize("refresh", ["standard", "renewal"])
async def test_tokens_are_renewed_in_both_forms(world: World, refresh: str) -> None:
    async with world.client() as client:
        tokens = await world.tokens(client, refresh)
        world.now += 601
        key = "refresh_token" if refresh == "standard" else "expired_token"
        shown = tokens["refresh_token"] if refresh == "standard" else tokens["access_token"]
        assert (await client.post("/api/refresh", json={key: shown})).status_code == 200


async def test_a_service_that_makes_a_token_for_an_administrator_is_nobody_at_auth(
    world: World, secrets: SharedSecrets
) -> None:
    async with world.client() as client:
        seen = jwt.peek((await world.tokens(client))["access_token"]).claims
        forged = {**seen, "permissions": ["gatepass:admin"], "jti": "made by a Service"}
        token = jwt.sign(forged, secrets.signing, typ="at+jwt")
        bearer = {"authorization": f"Bearer {token}"}
        for path in ("/api/me", "/api/sessions", "/api/admin/users"):
            assert (await client.get(path, headers=bearer)).status_code == 401
        session = {"authorization": f"Bearer {await world.session(client)}"}
        assert (await client.get("/api/admin/users", headers=session)).status_code == 200  # the twin
        # A Service may still ask whether a token holds.
        assert (await client.post("/api/token/check", headers=bearer)).json()["active"]
