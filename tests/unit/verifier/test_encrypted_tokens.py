"""Encrypted tokens at a Service: everything that holds for others holds for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gatepass.jose import Key, KeySet
from gatepass.testing import FakeIssuer
from gatepass.verifier import FeedTerms, Freshness, TokenStale, Unauthenticated, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = 1_800_000_000.0
OLD, NEW = Key.generate("ECDH-ES+A256KW"), Key.generate("RSA-OAEP-256")


@pytest.mark.parametrize("key", [OLD, NEW], ids=["ECDH-ES+A256KW", "RSA-OAEP-256"])
async def test_it_is_opened_and_then_remembered_by_its_outer_text(key: Key) -> None:
    issuer = FakeIssuer(encrypt_to=key)
    verifier = issuer.verifier()
    await verifier.ready()
    try:
        token = issuer.token("ada", permissions=["a:read"])
        assert token.count(".") == 4
        first = await verifier.check(token)
        assert (first.subject, first.kid) == ("ada", issuer.key.kid)
        assert await verifier.check(token) is first
        assert verifier.health().counts.accepted_from_cache == 1
    finally:
        await verifier.close()


TAKEN_BACK: dict[str, Callable[[FakeIssuer], None]] = {
    "sid": lambda issuer: issuer.kick("s1"),
    "sub": lambda issuer: issuer.log_out_everywhere("ada"),
    "jti": lambda issuer: issuer.revoke_token("t1"),
    "kid": lambda issuer: issuer.revoke_key(),
    "changed": lambda issuer: issuer.change("ada"),
}


@pytest.mark.parametrize("name", TAKEN_BACK)
async def test_the_feed_takes_it_back(name: str) -> None:
    issuer = FakeIssuer(encrypt_to=OLD)
    verifier = issuer.verifier()
    await verifier.ready()
    try:
        token = issuer.token("ada", sid="s1", jti="t1")
        await verifier.check(token)
        TAKEN_BACK[name](issuer)
        with pytest.raises((Unauthenticated, TokenStale)):
            await verifier.check(token)
    finally:
        await verifier.close()


async def test_auth_is_asked_about_the_token_inside() -> None:
    clock = [NOW]
    issuer = FakeIssuer(encrypt_to=OLD, clock=lambda: clock[0])
    verifier = issuer.verifier(feed=FeedTerms(silence=3_600))  # no heartbeat makes the view younger
    await verifier.ready()
    ask = Freshness(max_staleness=10, on_stale="ask")
    try:
        token = issuer.token("ada", sid="s1")
        clock[0] += 60
        assert (await verifier.check(token, freshness=ask)).subject == "ada"
        assert verifier.health().counts.asked == 1
    finally:
        await verifier.close()


async def test_while_keys_are_exchanged_both_open() -> None:
    issuers = [FakeIssuer(encrypt_to=key.public()) for key in (OLD, NEW)]
    for issuer in issuers:
        verifier = issuer.verifier(decryption_keys=KeySet([NEW, OLD]))
        await verifier.ready()
        try:
            assert (await verifier.check(issuer.token())).subject == "ada"
        finally:
            await verifier.close()


async def test_while_auth_begins_to_encrypt_both_kinds_are_taken() -> None:
    issuer = FakeIssuer(encrypt_to=OLD)
    verifier = issuer.verifier(encryption="optional")
    await verifier.ready()
    try:
        sealed = issuer.token()
        issuer.encrypt_to = None
        for token in (sealed, issuer.token()):
            assert (await verifier.check(token)).subject == "ada"
    finally:
        await verifier.close()


def test_the_keys_stand_in_no_repr() -> None:
    verifier = Verifier(issuer="https://auth.test", audience="clinic", decryption_keys=OLD)
    assert str(OLD.to_private_jwk()["d"]) not in repr(vars(verifier)) + repr(OLD) + repr(KeySet([OLD]))
