"""Encrypted tokens: what is wrong outside, what is wrong inside, and what belongs to somebody else."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from gatepass.jose import Key, jwe, jws, jwt
from gatepass.jose.b64 import encode
from gatepass.oauth import ACCESS_TOKEN_TYP
from gatepass.testing import FakeIssuer
from gatepass.verifier import Unauthenticated, Verifier

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

MINE = Key.generate("ECDH-ES+A256KW")
RSA = Key.generate("RSA-OAEP-256")
ANOTHER = Key.generate("ECDH-ES+A256KW")
UNDER_MY_NAME = Key.generate("ECDH-ES+A256KW", MINE.kid)
STRANGER = Key.generate("ES256")
NAMED_RSA = Key.from_pem(RSA.to_pem(), "RSA-OAEP", MINE.kid)


@pytest.fixture
def issuer() -> FakeIssuer:
    return FakeIssuer(encrypt_to=MINE)


@pytest.fixture
async def verifier(issuer: FakeIssuer) -> AsyncIterator[Verifier]:
    verifier = issuer.verifier()
    await verifier.ready()
    yield verifier
    await verifier.close()


def inner(issuer: FakeIssuer, *, typ: str = ACCESS_TOKEN_TYP, key: Key | None = None, **claims: Any) -> str:
    """What a token holds: signed, and right but for what the attack changes."""
    plain = FakeIssuer(issuer.issuer, audience=issuer.audience)
    said = {**jwt.peek(plain.token()).claims, **claims}
    return jws.sign(json.dumps(said).encode(), key or issuer.key, typ=typ)


def sealed(
    text: str, key: Key = MINE, *, enc: str = "A256GCM", typ: str | None = None, cty: str | None = "JWT"
) -> str:
    shared = key.alg.startswith(("PBES2", "dir", "A"))
    to = key if shared else key.public()
    return jwe.encrypt(text.encode(), to, enc=enc, typ=typ, cty=cty)


def unsigned(issuer: FakeIssuer) -> str:
    """A token inside whose header says `none`."""
    _, payload, _ = inner(issuer).split(".")
    header = encode(json.dumps({"alg": "none", "typ": ACCESS_TOKEN_TYP}).encode())
    return f"{header}.{payload}."


def with_header(token: str, **members: Any) -> str:
    """Write other members into the outer header."""
    _, rest = token.split(".", 1)
    header = {**jwt.peek_header(token), **members}
    return encode(json.dumps(header).encode()) + "." + rest


def password_token(issuer: FakeIssuer) -> str:
    key = Key.from_secret("PBES2-HS256+A128KW", b"correct horse battery staple", MINE.kid)
    return sealed(inner(issuer), key)


ATTACKS: dict[str, tuple[Callable[[FakeIssuer], str], str]] = {
    "inside: not signed at all, alg none": (lambda i: sealed(unsigned(i)), "algorithm_not_allowed"),
    "inside: no signature left": (lambda i: sealed(inner(i).rpartition(".")[0] + "."), "bad_signature"),
    "inside: bare claims, RFC 8725 §3.3": (
        lambda i: sealed(json.dumps(dict(jwt.peek(inner(i)).claims))),
        "malformed",
    ),
    "inside: signed by a stranger": (lambda i: sealed(inner(i, key=STRANGER)), "key_not_found"),
    "inside: for another audience": (lambda i: sealed(inner(i, aud="billing")), "claim_invalid"),
    "inside: of another issuer": (lambda i: sealed(inner(i, iss="https://evil.test")), "claim_invalid"),
    "inside: an id token, RFC 8725 §3.11": (lambda i: sealed(inner(i, typ="JWT")), "wrong_type"),
    "inside: expired": (lambda i: sealed(inner(i, exp=1)), "expired"),
    "inside: encrypted once more": (lambda i: sealed(sealed(inner(i))), "malformed"),
    "outside: not encrypted": (inner, "not_encrypted"),
    "outside: to another Service": (lambda i: sealed(inner(i), ANOTHER), "encrypted_elsewhere"),
    "outside: to another key under my name": (lambda i: sealed(inner(i), UNDER_MY_NAME), "decryption_failed"),
    "outside: cty at+jwt": (lambda i: sealed(inner(i), cty="at+jwt"), "wrong_type"),
    "outside: no cty": (lambda i: sealed(inner(i), cty=None), "wrong_type"),
    "outside: typ of an access token": (lambda i: sealed(inner(i), typ=ACCESS_TOKEN_TYP), "wrong_type"),
    "outside: a password, PBES2, CVE-2023-6681": (password_token, "algorithm_not_allowed"),
    "outside: a count of ten million": (
        lambda i: with_header(password_token(i), p2c=10_000_000),
        "algorithm_not_allowed",
    ),
    "outside: a shared key, dir": (
        lambda i: sealed(inner(i), Key.from_secret("dir", os.urandom(32), MINE.kid)),
        "algorithm_not_allowed",
    ),
    "outside: a shared key, A256KW": (
        lambda i: sealed(inner(i), Key.from_secret("A256KW", os.urandom(32), MINE.kid)),
        "algorithm_not_allowed",
    ),
    "outside: RSA-OAEP with SHA-1": (lambda i: sealed(inner(i), NAMED_RSA), "algorithm_not_allowed"),
    "outside: RSA1_5": (lambda i: with_header(i.token(), alg="RSA1_5"), "algorithm_not_allowed"),
    "outside: compressed, CVE-2024-28102": (lambda i: with_header(i.token(), zip="DEF"), "critical_header"),
    "outside: crit": (lambda i: with_header(i.token(), crit=["exp"]), "critical_header"),
    "outside: another enc in the header": (
        lambda i: with_header(i.token(), enc="A128GCM"),
        "decryption_failed",
    ),
    "outside: a header that was changed": (lambda i: with_header(i.token(), x=1), "decryption_failed"),
    "outside: a key of the token's own choice": (
        lambda i: with_header(i.token(), jwk=ANOTHER.public().to_jwk()),
        "decryption_failed",
    ),
    "outside: five empty parts": (lambda _: "....", "malformed"),
    "outside: a part too many": (lambda i: i.token() + ".AAAA", "not_encrypted"),
    "outside: longer than any token": (lambda i: i.token(note="x" * 20_000), "too_long"),
}


@pytest.mark.parametrize("name", ATTACKS)
async def test_an_attack_is_refused_and_its_twin_is_not(
    name: str, issuer: FakeIssuer, verifier: Verifier
) -> None:
    make, code = ATTACKS[name]
    with pytest.raises(Unauthenticated) as caught:
        await verifier.check(make(issuer))
    assert caught.value.reason == code
    assert (await verifier.check(sealed(inner(issuer)))).subject == "ada"


async def test_a_token_for_one_service_opens_no_other(issuer: FakeIssuer) -> None:
    elsewhere = issuer.verifier(decryption_keys=ANOTHER)
    plain = issuer.verifier(decryption_keys=None)
    await elsewhere.ready()
    await plain.ready()
    try:
        for verifier in (elsewhere, plain):
            with pytest.raises(Unauthenticated):
                await verifier.check(issuer.token())
        assert (await elsewhere.check(sealed(inner(issuer), ANOTHER))).subject == "ada"
        assert (await plain.check(inner(issuer))).subject == "ada"
    finally:
        await elsewhere.close()
        await plain.close()


async def test_unknown_outer_keys_make_nobody_fetch(issuer: FakeIssuer, verifier: Verifier) -> None:
    woken: list[float] = []
    verifier.watch.want_keys = lambda: woken.append(1)  # type: ignore[method-assign]
    with pytest.raises(Unauthenticated):
        await verifier.check(sealed(inner(issuer), ANOTHER))
    assert woken == []
    with pytest.raises(Unauthenticated):
        await verifier.check(sealed(inner(issuer, key=STRANGER)))
    assert woken == [1]


WRONG: dict[str, dict[str, Any]] = {
    "a public key": {"decryption_keys": MINE.public()},
    "a signing key": {"decryption_keys": STRANGER},
    "a password": {"decryption_keys": Key.generate("PBES2-HS256+A128KW")},
    "a shared key": {"decryption_keys": Key.generate("dir")},
    "RSA-OAEP with SHA-1": {"decryption_keys": Key.from_pem(RSA.to_private_pem(), "RSA-OAEP")},
    "a word of its own": {"decryption_keys": MINE, "encryption": "maybe"},
}


@pytest.mark.parametrize("name", WRONG)
def test_no_verifier_is_made_that_could_open_less_than_it_says(name: str) -> None:
    with pytest.raises(ValueError, match=r"decryption keys|encryption is"):
        Verifier(issuer="https://auth.test", audience="clinic", **WRONG[name])
    Verifier(issuer="https://auth.test", audience="clinic", decryption_keys=MINE)  # the twin
