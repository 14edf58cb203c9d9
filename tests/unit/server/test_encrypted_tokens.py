"""Auth that encrypts its tokens: to a Service's key, and what it does with them when they come back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gatepass.auth import Recipient, usecases
from gatepass.jose import Key, jwe, jwt
from gatepass.oauth import (
    CONTENT_ENCRYPTIONS,
    RECIPIENT_ALGORITHMS,
    access_token_policy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server_world import MakeWorld, World

KEY = Key.generate("ECDH-ES+A256KW")
RSA = Key.generate("RSA-OAEP-256")


async def world_of(make_world: MakeWorld, recipient: Recipient) -> World:
    world = make_world(recipient=recipient)
    await usecases.keep_keys(world.auth, now=world.now)
    await world.add()
    return world


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await world_of(make_world, Recipient(enc="A256GCM", key=KEY.public()))


def inside(token: str, key: Key = KEY) -> str:
    return jwt.open_nested(token, key, algorithms=RECIPIENT_ALGORITHMS, encryptions=CONTENT_ENCRYPTIONS)[0]


def claims_of(world: World, token: str) -> dict[str, Any]:
    ring = world.auth.keyring.ring
    policy = access_token_policy(issuer=world.config.issuer, audience="clinic", algorithms=ring.algorithms)
    return jwt.verify(inside(token), ring.published, policy, now=world.now).claims


async def test_only_the_service_can_read_a_token(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client))["access_token"]
    assert token.count(".") == 4
    header = jwt.peek_header(token)
    assert (header["alg"], header["enc"], header["cty"]) == ("ECDH-ES+A256KW", "A256GCM", "JWT")
    assert header["kid"] == KEY.kid
    assert not {"iss", "sub", "aud", "jti"} & header.keys()
    assert claims_of(world, token)["email"] == "ann@example.org"


@pytest.mark.parametrize("enc", sorted(CONTENT_ENCRYPTIONS))
async def test_each_way_to_seal(make_world: MakeWorld, enc: str) -> None:
    world = await world_of(make_world, Recipient(enc=enc, key=RSA.public()))
    async with world.client() as client:
        token = (await world.tokens(client))["access_token"]
    assert inside(token, RSA).count(".") == 2


async def test_a_key_that_comes_later_is_waited_for_and_may_be_replaced(make_world: MakeWorld) -> None:
    recipient = Recipient(enc="A256GCM")
    world = await world_of(make_world, recipient)
    login = {"email": "ann@example.org", "password": "correct horse battery", "mode": "token"}
    async with world.client() as client:
        answer = await client.post("/api/login", json=login)
        assert (answer.status_code, answer.json()["code"]) == (503, "busy")
        recipient.replace(KEY.public())
        inside((await world.tokens(client))["access_token"])
        recipient.replace(RSA.public())
        inside((await world.tokens(client))["access_token"], RSA)


def test_a_recipient_has_a_public_key_of_the_right_kind() -> None:
    for key in (KEY, Key.generate("ES256").public(), Key.generate("A256KW")):
        with pytest.raises(ValueError, match="public one"):
            Recipient(enc="A256GCM", key=key)
    with pytest.raises(ValueError, match="content encryption"):
        Recipient(enc="none", key=KEY.public())


async def test_an_encrypted_token_renews_itself_once_and_repeats_within_the_grace(world: World) -> None:
    async with world.client() as client:
        first = (await world.tokens(client, "renewal"))["access_token"]
        said = claims_of(world, first)
        world.now += 601
        renewed = await client.post("/api/refresh", json={"expired_token": first})
        assert renewed.status_code == 200
        again = await client.post("/api/refresh", json={"expired_token": first})
        assert again.json()["access_token"] == renewed.json()["access_token"]
        fresh = claims_of(world, renewed.json()["access_token"])
        assert (fresh["sid"], fresh["sub"]) == (said["sid"], said["sub"])
        assert fresh["jti"] != said["jti"]
        world.now += 11
        late = await client.post("/api/refresh", json={"expired_token": first})
        assert late.status_code == 401  # a second holder: the family and its session end


async def test_it_renews_no_earlier_than_others(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client, "renewal"))["access_token"]
        early = await client.post("/api/refresh", json={"expired_token": token})
        assert (early.status_code, early.json()["code"]) == (409, "renewal_too_early")


async def test_what_was_taken_back_by_its_jti_renews_no_more(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client, "renewal"))["access_token"]
        other = (await world.tokens(client, "renewal"))["access_token"]
        jti = claims_of(world, token)["jti"]
        await usecases.revoke_token(world.auth, jti=jti, actor="cli", now=world.now)
        world.now += 601
        assert (await client.post("/api/refresh", json={"expired_token": token})).status_code == 401
        assert (await client.post("/api/refresh", json={"expired_token": other})).status_code == 200


async def test_changed_rights_renew_at_once(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client, "renewal"))["access_token"]
        user = await world.auth.store.user_by_email("ann@example.org")
        assert user is not None
        world.now += 1
        await usecases.set_permissions(
            world.auth, user_id=user.id, permissions={"a:read"}, actor="cli", now=world.now
        )
        renewed = await client.post("/api/refresh", json={"expired_token": token})
        assert claims_of(world, renewed.json()["access_token"])["permissions"] == ["a:read"]


def sealed_again(token: str) -> str:
    return jwe.encrypt(inside(token).encode(), KEY.public(), enc="A256GCM", typ=None, cty="JWT")


ALTERED: dict[str, Callable[[str], str]] = {
    "the last character": lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
    "another encryption of the same": sealed_again,
    "five parts of nothing": lambda _: "a.b.c.d.e",
}


@pytest.mark.parametrize("name", ALTERED)
async def test_only_the_very_text_renews(name: str, world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client, "renewal"))["access_token"]
        world.now += 601
        altered = ALTERED[name](token)
        assert (await client.post("/api/refresh", json={"expired_token": altered})).status_code == 401
        # Nor does the token inside, which only the Service ever saw.
        assert (await client.post("/api/refresh", json={"expired_token": inside(token)})).status_code == 401
        assert (await client.post("/api/refresh", json={"expired_token": token})).status_code == 200


async def test_the_standard_form_renews_as_ever(world: World) -> None:
    async with world.client() as client:
        tokens = await world.tokens(client)
        shown = {"expired_token": tokens["access_token"]}
        world.now += 601
        assert (await client.post("/api/refresh", json=shown)).status_code == 401  # not what renews it
        answer = await client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert answer.json()["access_token"].count(".") == 4


async def test_auth_takes_the_session_and_a_service_asks_about_the_token_inside(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client))["access_token"]
        outer, within = ({"authorization": f"Bearer {text}"} for text in (token, inside(token)))
        assert (await client.get("/api/me", headers=outer)).status_code == 401
        assert not (await client.post("/api/token/check", headers=outer)).json()["active"]
        assert (await client.post("/api/token/check", headers=within)).json()["active"]
        session = {"authorization": f"Bearer {await world.session(client)}"}
        assert (await client.get("/api/me", headers=session)).status_code == 200
