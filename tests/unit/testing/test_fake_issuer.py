"""The issuer without a network: whatever it takes back, a real verifier refuses at the next check."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from gatepass.oauth import INACTIVE, Introspection, says_stale
from gatepass.testing import FakeIssuer
from gatepass.verifier import TokenStale, Unauthenticated, Unavailable, Verifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

NOW = 1_800_000_000.0

TAKEN_BACK: dict[str, tuple[Callable[[FakeIssuer], None], str]] = {
    "its session is kicked out": (lambda issuer: issuer.kick("s1"), "revoked_sid"),
    "its user is logged out everywhere": (lambda issuer: issuer.log_out_everywhere("ada"), "revoked_sub"),
    "it is revoked": (lambda issuer: issuer.revoke_token("t1"), "revoked_jti"),
    "the tokens of its client are revoked": (lambda issuer: issuer.revoke_client("app"), "revoked_client_id"),
    "what its user may do changes": (lambda issuer: issuer.change("ada"), "token_stale"),
}


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer()


@pytest.fixture
async def verifier(issuer: FakeIssuer) -> AsyncIterator[Verifier]:
    verifier = issuer.verifier()
    await verifier.ready()
    yield verifier
    await verifier.close()


async def test_a_token_says_what_the_test_wants(issuer: FakeIssuer, verifier: Verifier) -> None:
    token = issuer.token(
        "eve",
        permissions=["appointments:read"],
        roles=["doctor"],
        scopes=["profile"],
        sid="s1",
        jti="t1",
        client_id="app",
        name="Eve",
        logged_in_ago=60,
    )
    user = await verifier.check(token)
    assert (user.subject, user.session, user.name) == ("eve", "s1", "Eve")
    assert user.permissions == {"appointments:read"}
    assert user.roles == {"doctor"}
    assert user.scopes == {"profile"}
    assert (user.claims["jti"], user.claims["client_id"]) == ("t1", "app")
    assert user.claims["iat"] == user.auth_time + 60


async def test_a_claim_can_be_left_out(issuer: FakeIssuer, verifier: Verifier) -> None:
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.check(issuer.token(jti=None))
    assert refusal.value.reason == "claim_missing"


@pytest.mark.parametrize("cause", TAKEN_BACK)
async def test_a_token_is_refused_once(cause: str, issuer: FakeIssuer, verifier: Verifier) -> None:
    take_back, reason = TAKEN_BACK[cause]
    token = issuer.token("ada", sid="s1", jti="t1", client_id="app")
    other = issuer.token("bob")
    await verifier.check(token)
    take_back(issuer)
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.check(token)
    assert refusal.value.reason == reason
    assert (await verifier.check(other)).subject == "bob"


@pytest.mark.parametrize("cause", TAKEN_BACK)
async def test_a_service_that_asks_hears_the_same(cause: str, issuer: FakeIssuer) -> None:
    network = issuer.network()
    endpoint = issuer.metadata().token_check_endpoint or ""
    token, other = issuer.token("ada", sid="s1", jti="t1", client_id="app"), issuer.token("bob")
    assert Introspection.from_json(await network.ask(endpoint, pass_text=token)) is not None
    TAKEN_BACK[cause][0](issuer)
    answer = await network.ask(endpoint, pass_text=token)
    assert Introspection.from_json(answer) is None
    assert says_stale(answer) == (TAKEN_BACK[cause][1] == "token_stale")
    assert Introspection.from_json(await network.ask(endpoint, pass_text=other)) is not None


@pytest.mark.parametrize(
    ("take_back", "reasons"),
    [
        (FakeIssuer.revoke_all, {"revoked_all"}),
        (FakeIssuer.revoke_key, {"revoked_kid", "key_not_found"}),  # the second once keys were fetched again
    ],
    ids=["revoke_all", "revoke_key"],
)
async def test_nothing_that_was_issued_before_holds(
    take_back: Callable[[FakeIssuer], None], reasons: set[str], issuer: FakeIssuer, verifier: Verifier
) -> None:
    tokens = [issuer.token("ada"), issuer.token("bob")]
    await verifier.check(tokens[0])
    take_back(issuer)
    for token in tokens:
        with pytest.raises(Unauthenticated) as refusal:
            await verifier.check(token)
        assert refusal.value.reason in reasons
        assert Introspection.from_json(issuer.check_token(token)) is None
    later = issuer.token(iat=int(time.time()) + 1)
    assert (await verifier.check(later)).subject == "ada"


async def test_nobody_vouches_for_a_forged_token(issuer: FakeIssuer) -> None:
    endpoint = issuer.metadata().token_check_endpoint or ""
    forged = FakeIssuer().token()
    assert await issuer.network().ask(endpoint, pass_text=forged) == INACTIVE


async def test_after_a_change_the_next_token_holds(issuer: FakeIssuer, verifier: Verifier) -> None:
    old = issuer.token("ada")
    issuer.change("ada")
    assert (await verifier.check(issuer.token("ada"))).epoch == 1
    with pytest.raises(TokenStale):
        await verifier.check(old)


async def test_every_verifier_has_heard_when_kick_returns(issuer: FakeIssuer) -> None:
    verifiers = [issuer.verifier() for _ in range(5)]
    for number, verifier in enumerate(verifiers):
        token = issuer.token(sid=f"s{number}")
        await verifier.ready()  # and not a moment longer: its stream may not be open yet
        issuer.kick(f"s{number}")
        for heard in verifiers[: number + 1]:
            with pytest.raises(Unauthenticated):
                heard.check_token(token)
    await asyncio.gather(*(verifier.close() for verifier in verifiers))


async def test_an_outage_ends_when_the_test_says_so() -> None:
    clock = [NOW]
    issuer = FakeIssuer(clock=lambda: clock[0])
    verifier = issuer.verifier()
    await verifier.ready()
    token = issuer.token(sid="s1")
    issuer.down = True
    clock[0] += 121
    with pytest.raises(Unavailable) as refusal:
        await verifier.check(token)
    assert refusal.value.reason == "view_too_old"
    issuer.kick("s1")  # nobody hears of it yet
    issuer.down = False
    with pytest.raises(Unauthenticated):
        await verifier.check(token)
    assert (await verifier.check(issuer.token())).subject == "ada"
    await verifier.close()


async def test_a_clock_that_was_moved_needs_a_beat() -> None:
    clock = [NOW]
    issuer = FakeIssuer(clock=lambda: clock[0])
    verifier = issuer.verifier()
    await verifier.ready()
    token = issuer.token(expires_in=600)
    clock[0] += 599
    issuer.beat()
    assert (await verifier.check(token)).subject == "ada"
    clock[0] += 1
    with pytest.raises(Unauthenticated) as refusal:
        await verifier.check(token)
    assert refusal.value.reason == "expired"
    await verifier.close()


async def test_a_key_was_published_before_it_signs(issuer: FakeIssuer, verifier: Verifier) -> None:
    old = issuer.token()
    issuer.rotate_key()
    assert (await verifier.check(issuer.token())).subject == "ada"
    assert (await verifier.check(old)).subject == "ada"
    issuer.kick("s1")
    with pytest.raises(Unauthenticated):
        await verifier.check(issuer.token(sid="s1"))


@pytest.mark.parametrize("alg", ["RS256", "Ed25519", "ES384"])
async def test_it_signs_with_what_the_test_names(alg: str) -> None:
    issuer = FakeIssuer(alg=alg)
    verifier = issuer.verifier()
    await verifier.ready()
    assert (await verifier.check(issuer.token())).subject == "ada"
    await verifier.close()


async def test_a_session_holds_until_it_is_kicked_out(issuer: FakeIssuer) -> None:
    verifier = issuer.session_verifier()
    passed = issuer.session(
        "ada", permissions=["appointments:read"], scopes=["profile"], sid="s1", name="Ada"
    )
    user = await verifier.check(passed)
    assert user.name == "Ada"
    assert user.permissions == {"appointments:read"}
    assert user.scopes == {"profile"}
    issuer.change("ada")
    assert (await verifier.check(passed)).epoch == 1
    issuer.kick("s1")
    with pytest.raises(Unauthenticated):
        await verifier.check(passed)
    await verifier.close()


async def test_a_session_that_is_remembered_is_forgotten_at_once(issuer: FakeIssuer) -> None:
    verifier = issuer.session_verifier(cache_for=60)
    passed = issuer.session("ada", sid="s1")
    await verifier.check(passed)
    issuer.kick("s1")
    with pytest.raises(Unauthenticated):
        await verifier.check(passed)
    await verifier.close()


async def test_one_verifier_takes_both(issuer: FakeIssuer) -> None:
    verifier = issuer.either_verifier()
    await verifier.ready()
    assert (await verifier.check(issuer.token())).mode == "token"
    assert (await verifier.check(issuer.session())).mode == "session"
    await verifier.close()


def test_nothing_secret_is_shown(issuer: FakeIssuer) -> None:
    issuer.session()
    assert repr(issuer) == "<FakeIssuer https://auth.test for my-site>"
