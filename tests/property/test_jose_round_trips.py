"""What is signed verifies, what is encrypted opens, what is exported comes back: for every algorithm."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.jose_keys import (
    AGREEMENTS,
    CURVES,
    ENCRYPTIONS,
    JWE,
    JWS,
    PASSWORDS,
    direct_key,
    key_of,
    side,
)

from gatepass.jose import Key, KeySet, Policy, jwe, jws, jwt

NOW = 1_800_000_000.0
few = settings(max_examples=12, deadline=None)
names = st.text(max_size=12)
media = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
numbers = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("alg", JWS)
@few
@given(payload=st.binary(max_size=300), typ=st.none() | media, cty=st.none() | media)
def test_what_is_signed_verifies(alg: str, payload: bytes, typ: str | None, cty: str | None) -> None:
    key = key_of(alg)
    token = jws.sign(payload, key, typ=typ, cty=cty)
    public = key if alg.startswith("HS") else key.public()
    for keys in (key, public, KeySet([public])):
        found, header = jws.verify(token, keys, typ=typ, algorithms=side(alg))
        assert found == payload
        assert (header["alg"], header.get("typ"), header.get("cty")) == (alg, typ, cty)


def encryption_keys(alg: str, enc: str) -> list[Key]:
    if alg == "dir":
        return [direct_key(enc)]
    if alg in AGREEMENTS:
        return [key_of(alg, curve) for curve in CURVES]
    return [key_of(alg)]


@pytest.mark.parametrize("enc", ENCRYPTIONS)
@pytest.mark.parametrize("alg", [alg for alg in JWE if alg not in PASSWORDS])
@settings(max_examples=3, deadline=None)
@given(plaintext=st.binary(max_size=100), typ=st.none() | media, cty=st.none() | media)
def test_what_is_encrypted_opens(
    alg: str, enc: str, plaintext: bytes, typ: str | None, cty: str | None
) -> None:
    for key in encryption_keys(alg, enc):
        public = key.public() if alg not in side("dir") else key
        token = jwe.encrypt(plaintext, public, enc=enc, typ=typ, cty=cty)
        for keys in (key, KeySet([key])):
            found, header = jwe.decrypt(
                token, keys, typ=typ, algorithms=side(alg), encryptions=frozenset({enc})
            )
            assert found == plaintext
            assert (header["alg"], header["enc"], header.get("cty")) == (alg, enc, cty)


@pytest.mark.parametrize("alg", PASSWORDS)
def test_what_is_encrypted_to_a_password_opens(alg: str) -> None:
    key = Key.from_secret(alg, b"correct horse battery staple")
    token = jwe.encrypt(b"plain", key, enc="A128GCM", typ=None)
    assert (
        jwe.decrypt(token, key, typ=None, algorithms=side(alg), encryptions=frozenset({"A128GCM"}))[0]
        == b"plain"
    )


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(names, values, max_size=6))
def test_claims_come_back_as_they_were(claims: dict[str, Any]) -> None:
    registered = {"iss": "i", "aud": "a", "exp": NOW + 1, "sub": "s", "jti": "j", "nbf": 0, "iat": 0}
    key = key_of("HS256")
    policy = Policy(issuer="i", audience="a", typ="x", algorithms=frozenset({"HS256"}))
    token = jwt.sign(claims | registered, key, typ="x")
    found = jwt.verify(token, key, policy, now=NOW).claims
    assert found == claims | registered
    assert same_types(found, claims | registered)
    assert jwt.peek(token).claims == found


def same_types(left: Any, right: Any) -> bool:
    """True is not 1, and 1.0 is not 1 to who reads the claims."""
    if isinstance(left, dict):
        return all(same_types(value, right[name]) for name, value in left.items())
    if isinstance(left, list):
        return all(map(same_types, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return isinstance(left, float) is isinstance(right, float) or math.floor(left) == right
    return type(left) is type(right)


EVERY_KEY = [(alg, None) for alg in (*JWS, *JWE) if alg not in AGREEMENTS] + [
    (alg, curve) for alg in AGREEMENTS for curve in CURVES
]


@pytest.mark.parametrize(("alg", "curve"), EVERY_KEY)
def test_a_key_comes_back_from_its_jwk_and_its_pem(alg: str, curve: str | None) -> None:
    key = key_of(alg, curve)
    private = Key.from_jwk(key.to_private_jwk())
    assert private.to_private_jwk() == key.to_private_jwk()
    assert (private.alg, private.kid, private.is_private) == (key.alg, key.kid, True)
    assert private.thumbprint() == key.thumbprint()
    if key.to_private_jwk()["kty"] == "oct":
        return
    public = Key.from_jwk(key.to_jwk())
    assert public.to_jwk() == key.to_jwk() == key.public().to_jwk()
    assert not public.is_private
    assert set(public.to_jwk()).isdisjoint({"d", "p", "q", "dp", "dq", "qi", "k", "priv"})
    for data in (key.to_pem(), key.to_private_pem()):
        again = Key.from_pem(data, alg, kid="again")
        assert again.thumbprint() == key.thumbprint()
        assert (again.alg, again.kid, again.is_private) == (alg, "again", b"PRIVATE" in data)
    assert b"PRIVATE" not in key.to_pem()
