"""Whatever the bytes: only an error of ours comes out of the parsers."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.jose_keys import (
    AGREEMENTS,
    ENCRYPTIONS,
    JWE,
    JWS,
    MACS,
    PASSWORDS,
    RSA_ENCRYPTIONS,
    SECRETS,
    SIGNATURES,
    key_of,
)

from gatepass.jose import JoseError, Key, KeySet, Policy, jwe, jws, jwt

often = settings(max_examples=120, deadline=None)
NOW = 1_800_000_000.0


def only_our_errors(call: Callable[..., object], *arguments: Any, **named: Any) -> None:
    try:
        call(*arguments, **named)
    except JoseError as error:
        if not error.code or not str(error).isprintable():
            raise AssertionError("an error that cannot be logged") from error


# --- what strangers may write

letters = st.characters(exclude_categories=())  # lone surrogates too
wild = st.text(letters, max_size=60)
algorithms = st.sampled_from((*JWS, *JWE, "none", "RSA1_5", "ES521", ""))
HEADER = ("alg", "enc", "typ", "cty", "kid", "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c", "x5t")
WRAPPING = ("epk", "apu", "apv", "iv", "tag", "p2s", "p2c")
JWK = ("kty", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "k", "pub", "priv")
METADATA = ("oth", "use", "key_ops", "x5t#S256")
CLAIMS = ("keys", "iss", "sub", "aud", "exp", "nbf", "iat", "jti")
names = st.sampled_from(HEADER + WRAPPING + JWK + METADATA + CLAIMS)
texts = (
    algorithms
    | st.sampled_from(
        ("EC", "RSA", "OKP", "oct", "AKP", "P-256", "X25519", "sig", "enc", "verify", "AQAB", "t")
    )
    | st.binary(max_size=80).map(lambda data: urlsafe_b64encode(data).rstrip(b"=").decode())
    | wild
)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | wild, inner, max_size=5),
    max_leaves=10,
)
objects = st.dictionaries(names | wild, values, max_size=8)


def as_json(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


raw = st.binary(max_size=120) | values.map(as_json) | objects.map(as_json)
segments = raw.map(lambda data: urlsafe_b64encode(data).rstrip(b"=").decode()) | wild
headers = st.fixed_dictionaries(
    {"alg": algorithms},
    optional={
        "enc": st.sampled_from(ENCRYPTIONS) | values,
        "typ": st.just("t") | values,
        "kid": st.just("k") | values,
        "epk": objects,
        "p2c": st.integers(-1, 2_000) | values,
        "p2s": texts,
        "iv": texts,
        "tag": texts,
        "apu": texts,
    },
).map(lambda header: urlsafe_b64encode(as_json(header)).rstrip(b"=").decode())
tokens = (
    wild
    | st.lists(segments, max_size=6).map(".".join)
    | st.tuples(headers, segments, segments).map(".".join)
    | st.tuples(headers, segments, segments, segments, segments).map(".".join)
)

SIGNERS = KeySet([key_of(alg).public() for alg in ("RS256", "ES256", "Ed25519")])
RULES = [
    Policy(issuer="i", audience="a", typ="t", algorithms=frozenset(names)) for names in (MACS, SIGNATURES)
]
ENCS = frozenset(ENCRYPTIONS)
DECRYPTERS = [
    (key_of("A128KW"), frozenset(SECRETS)),
    (key_of("A128GCMKW"), frozenset(SECRETS)),
    (key_of("RSA-OAEP"), frozenset(RSA_ENCRYPTIONS + AGREEMENTS)),
    (key_of("ECDH-ES", "P-256"), frozenset(RSA_ENCRYPTIONS + AGREEMENTS)),
    (key_of("ECDH-ES", "X25519"), frozenset(RSA_ENCRYPTIONS + AGREEMENTS)),
    (key_of("PBES2-HS256+A128KW"), frozenset(PASSWORDS)),
]


@often
@given(tokens)
def test_of_a_token_to_verify(token: str) -> None:
    for policy in RULES:
        only_our_errors(jwt.verify, token, SIGNERS, policy, now=NOW)
        only_our_errors(jwt.verify, token, key_of("HS256"), policy, now=NOW)
        only_our_errors(jws.verify, token, SIGNERS, typ=None, algorithms=policy.algorithms)


@often
@given(tokens)
def test_of_a_token_to_peek_at(token: str) -> None:
    only_our_errors(jwt.peek, token)
    only_our_errors(jwt.peek_header, token)


@often
@given(tokens)
def test_of_a_token_to_decrypt(token: str) -> None:
    for key, names in DECRYPTERS:
        only_our_errors(jwe.decrypt, token, key, typ=None, algorithms=names, encryptions=ENCS)


@often
@given(raw)
def test_of_claims_that_are_rightly_signed(payload: bytes) -> None:
    token = jws.sign(payload, key_of("HS256"), typ="t")
    only_our_errors(jwt.verify, token, key_of("HS256"), RULES[0], now=NOW)
    only_our_errors(jwt.peek, token)


@often
@given(
    st.fixed_dictionaries(
        {
            "iss": st.just("i") | values,
            "aud": st.just("a") | values,
            "exp": st.integers() | st.floats() | values,
        },
        optional=dict.fromkeys(("sub", "jti", "nbf", "iat"), values),
    )
)
def test_of_claims_of_every_type(claims: dict[str, Any]) -> None:
    token = jws.sign(as_json(claims), key_of("HS256"), typ="t")
    only_our_errors(jwt.verify, token, key_of("HS256"), RULES[0], now=NOW)
    only_our_errors(jwt.sign, claims, key_of("HS256"), typ="t")


class Text(str):
    """As template engines have them."""

    __slots__ = ()


class Number(float):
    """As array libraries have them."""


def no_json() -> st.SearchStrategy[Any]:
    odd = st.builds(Text) | st.builds(Number, st.floats()) | st.binary() | st.complex_numbers() | st.dates()
    return odd | st.frozensets(st.integers()) | st.just("\ud800") | st.integers(min_value=2**64)


@often
@given(names | wild, no_json(), st.integers(0, 3))
def test_of_claims_that_are_no_plain_json(name: str, value: Any, depth: int) -> None:
    for _ in range(depth):
        value = [value]
    with pytest.raises(JoseError):
        jwt.sign({name: value}, key_of("HS256"), typ="t")


jwks = st.fixed_dictionaries(
    {"kty": st.sampled_from(("EC", "RSA", "OKP", "oct", "AKP"))},
    optional={
        "alg": algorithms,
        "crv": st.sampled_from(
            ("P-256", "P-384", "P-521", "secp256k1", "Ed25519", "X25519", "Ed448", "X448")
        ),
        **dict.fromkeys(("k", "n", "e", "d", "x", "y", "p", "q", "dp", "dq", "qi", "pub", "priv"), texts),
        **dict.fromkeys(("use", "key_ops", "kid", "x5c", "x5t#S256", "oth"), values),
    },
)
KNOWN = [key_of(alg).to_private_jwk() for alg in ("ES256", "RS256", "Ed25519", "HS256", "ML-DSA-44")]
damaged = st.tuples(st.sampled_from(KNOWN), st.dictionaries(names, texts | values, max_size=2)).map(
    lambda pair: pair[0] | pair[1]
)


@often
@given(jwks | damaged | objects | values, st.none() | algorithms)
def test_of_a_jwk(jwk: Any, alg: str | None) -> None:
    only_our_errors(Key.from_jwk, jwk, alg)


@often
@given(st.lists(jwks | damaged | values, max_size=4), st.none() | algorithms)
def test_of_a_jwk_set(members: list[Any], alg: str | None) -> None:
    only_our_errors(KeySet.from_jwks, {"keys": members}, alg)
    only_our_errors(KeySet.from_jwks, as_json({"keys": members}), alg)


@often
@given(raw)
def test_of_the_bytes_of_a_jwk_set(data: bytes) -> None:
    only_our_errors(KeySet.from_jwks, data)


PEMS = [key_of(alg).to_private_pem() for alg in ("ES256", "RS256", "Ed25519")] + [
    key_of(alg).to_pem() for alg in ("ES256", "RS256", "Ed25519")
]
pems = st.tuples(st.sampled_from(PEMS), st.integers(0, 400), st.binary(max_size=8)).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
)


@often
@given(st.binary(max_size=200) | pems, algorithms)
def test_of_a_pem(data: bytes, alg: str) -> None:
    only_our_errors(Key.from_pem, data, alg)
    only_our_errors(Key.from_der, data, alg)


@often
@given(wild, algorithms)
def test_of_a_pem_that_is_text(text: str, alg: str) -> None:
    only_our_errors(Key.from_pem, text, alg)


@often
@given(st.binary(max_size=100), algorithms)
def test_of_a_secret(secret: bytes, alg: str) -> None:
    only_our_errors(Key.from_secret, alg, secret)
