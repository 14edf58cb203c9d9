"""The shared-secret mode: MACs and published keys are never taken for each other. Each has its twin."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import pytest

from gatepass.jose import Key, jwt
from gatepass.oauth import ACCESS_TOKEN_TYP, REVOCATIONS_TYP, SharedSecrets, new_shared_secret
from gatepass.testing import FakeIssuer
from gatepass.verifier import Unauthenticated, Verifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = new_shared_secret(os.urandom)
SECRETS = SharedSecrets.parse(TEXT)
PUBLISHED = Key.generate("ES256")


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer(shared_secrets=SECRETS)


@pytest.fixture
async def verifier(issuer: FakeIssuer) -> AsyncIterator[Verifier]:
    verifier = issuer.verifier()
    await verifier.ready()
    yield verifier
    await verifier.close()


def signed_by(key: Key, issuer: FakeIssuer, **claims: Any) -> str:
    return jwt.sign({**jwt.peek(issuer.token()).claims, **claims}, key, typ=ACCESS_TOKEN_TYP)


def hmac_key(secret: bytes) -> Key:
    return Key.from_secret("HS256", secret, SECRETS.signing.kid)


ATTACKS: dict[str, Key] = {
    "another secret, under the name of ours": hmac_key(os.urandom(32)),
    "another secret, under its own name": SharedSecrets.parse(new_shared_secret(os.urandom)).signing,
    "a published key in the place of the secret, RFC 8725 §3.1": PUBLISHED,
    "the secret as its own text": hmac_key(TEXT.encode()),
    "our secret for HS512": Key.from_secret("HS512", os.urandom(64), SECRETS.signing.kid),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_only_the_secret_makes_a_token(name: str, issuer: FakeIssuer, verifier: Verifier) -> None:
    with pytest.raises(Unauthenticated):
        await verifier.check(signed_by(ATTACKS[name], issuer))
    assert (await verifier.check(signed_by(SECRETS.signing, issuer))).subject == "ada"  # the twin


@pytest.mark.parametrize(
    "secret",
    [PUBLISHED.to_pem(), PUBLISHED.to_der(), PUBLISHED.to_pem().strip()],
    ids=["PEM", "DER", "stripped"],
)
async def test_a_published_key_is_no_secret(secret: bytes) -> None:
    """CVE-2022-29217: what everybody may read signs nothing, whichever way the Verifier was made."""
    issuer = FakeIssuer()
    verifier = issuer.verifier()
    await verifier.ready()
    try:
        forged = jwt.sign(
            dict(jwt.peek(issuer.token()).claims),
            Key.from_secret("HS256", secret, issuer.key.kid),
            typ=ACCESS_TOKEN_TYP,
        )
        with pytest.raises(Unauthenticated):
            await verifier.check(forged)
        assert (await verifier.check(issuer.token())).subject == "ada"  # the twin
    finally:
        await verifier.close()


async def test_a_page_of_the_feed_is_no_pass_though_the_same_secret_signed_it(
    issuer: FakeIssuer, verifier: Verifier
) -> None:
    claims = dict(jwt.peek(issuer.token()).claims)
    with pytest.raises(Unauthenticated):
        await verifier.check(issuer.sign(claims, typ=REVOCATIONS_TYP))
    assert (await verifier.check(issuer.sign(claims))).subject == "ada"


async def test_keys_that_somebody_publishes_are_not_even_fetched(issuer: FakeIssuer) -> None:
    """An attacker who can answer for Auth adds a jwks_uri: nobody asks for it."""
    asked: list[str] = []
    real = issuer.network

    def network() -> Any:
        net = real()
        get = net.get

        async def watched(url: str, *, patience: float = 0) -> Any:
            asked.append(url)
            return await get(url, patience=patience)

        net.get = watched  # type: ignore[method-assign]
        return net

    issuer.network = network  # type: ignore[method-assign]
    verifier = issuer.verifier()
    await verifier.ready()
    try:
        with pytest.raises(Unauthenticated):
            await verifier.check(signed_by(PUBLISHED, issuer))  # an unknown kid
        issuer.kick("s1")
        assert not [url for url in asked if "jwks" in url]
        assert any("revocations" in url for url in asked)
    finally:
        await verifier.close()


async def test_a_kick_out_holds_at_once(issuer: FakeIssuer, verifier: Verifier) -> None:
    token = issuer.token(sid="s1")
    assert (await verifier.check(token)).subject == "ada"
    issuer.kick("s1")
    with pytest.raises(Unauthenticated):
        await verifier.check(token)


async def test_two_secrets_for_a_while_log_nobody_out() -> None:
    new = new_shared_secret(os.urandom)
    old_auth, new_auth = (
        FakeIssuer(shared_secrets=SECRETS),
        FakeIssuer(shared_secrets=SharedSecrets.parse(f"{new}\n{TEXT}")),
    )
    service = new_auth.verifier()  # first the Services learn the new one, then Auth signs with it
    await service.ready()
    try:
        assert (await service.check(old_auth.token())).subject == "ada"
        assert (await service.check(new_auth.token())).subject == "ada"
        behind = new_auth.verifier(shared_secrets=SECRETS, feed=None)
        with pytest.raises(Unauthenticated):
            await behind.check(new_auth.token())  # a Service that was forgotten
        assert (await behind.check(old_auth.token())).subject == "ada"
    finally:
        await service.close()


async def test_without_a_feed_nothing_is_asked_at_all(issuer: FakeIssuer) -> None:
    issuer.down = True
    verifier = issuer.verifier(feed=None)
    assert (await verifier.check(issuer.token())).subject == "ada"
    assert verifier.health().keys == 1
    assert verifier.health().keys_age is None


WRONG: dict[str, dict[str, Any]] = {
    "HS256 among the algorithms": {"algorithms": frozenset({"HS256"})},
    "a MAC and signatures": {"algorithms": frozenset({"HS256", "ES256"})},
    "a secret and signatures": {"shared_secrets": SECRETS, "algorithms": frozenset({"RS256"})},
    "a key set for a secret": {"shared_secrets": SECRETS.keys},
    "a published key for a secret": {"shared_secrets": PUBLISHED},
    "bytes for a secret": {"shared_secrets": PUBLISHED.to_pem()},
}


@pytest.mark.parametrize("name", WRONG)
def test_no_verifier_can_be_made_that_mixes_them(name: str) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        Verifier(issuer="https://auth.test", audience="clinic", **WRONG[name])
    assert TEXT not in str(caught.value)
    Verifier(issuer="https://auth.test", audience="clinic", shared_secrets=SECRETS)  # the twin


async def test_the_secret_stands_in_no_log(
    issuer: FakeIssuer, verifier: Verifier, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await verifier.check(issuer.token())
        for key in ATTACKS.values():
            with pytest.raises(Unauthenticated):
                await verifier.check(signed_by(key, issuer))
    shown = caplog.text + repr(verifier.health()) + repr(issuer) + repr(SECRETS)
    assert "token refused" in shown
    assert TEXT not in shown
