"""Whatever a JWK or a JWK Set holds, the answer is a good key or one of our own errors."""

import contextlib
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatepass.jose import JoseError, Key, KeySet

ALGORITHMS = ["HS256", "RS256", "ES256", "ES512", "Ed25519", "ML-DSA-44", "A128KW", "ECDH-ES", "A256GCM"]
ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=60)
    | st.lists(st.text(max_size=5), max_size=3)
    | st.dictionaries(st.text(max_size=3), st.none(), max_size=2)
    | st.sampled_from(
        ["EC", "OKP", "RSA", "oct", "AKP", "P-256", "P-384", "Ed25519", "sig", "enc", "AQAB", *ALGORITHMS]
    )
)


@cache
def jwk_of(alg: str) -> dict[str, Any]:
    return Key.generate(alg, "k").to_private_jwk()


@st.composite
def odd_jwks(draw: st.DrawFn) -> dict[str, Any]:
    """A good JWK with members changed, taken away, or lent by a key of another kind."""
    jwk = dict(jwk_of(draw(st.sampled_from(ALGORITHMS))))
    lender = jwk_of(draw(st.sampled_from(ALGORITHMS)))
    for name in draw(st.lists(st.sampled_from([*jwk, *lender, "key_ops", "x5t#S256", "oth"]), max_size=3)):
        jwk[name] = draw(ODD | st.just(lender.get(name)))
    for name in draw(st.lists(st.sampled_from(list(jwk)), max_size=2)):
        jwk.pop(name, None)
    return jwk


@given(odd_jwks(), st.none() | st.sampled_from(ALGORITHMS))
def test_an_odd_jwk_is_a_good_key_or_our_error(jwk: dict[str, Any], alg: str | None) -> None:
    try:
        key = Key.from_jwk(jwk, alg)
    except JoseError:
        return
    again = Key.from_jwk(key.to_private_jwk() if key.is_private else key.to_jwk())
    assert (again.alg, again.kid, again.thumbprint()) == (key.alg, key.kid, key.thumbprint())


@given(st.lists(odd_jwks() | ODD, max_size=6))
def test_every_member_of_a_set_is_kept_or_passed_over(jwks: list[Any]) -> None:
    keys = KeySet.from_jwks({"keys": jwks})
    assert len(keys) + len(keys.passed_over) == len(jwks)
    assert KeySet(keys.keys).keys == keys.keys


@given(
    st.binary(max_size=200) | st.binary(max_size=60).map(lambda data: b"-----BEGIN PUBLIC KEY-----\n" + data)
)
def test_only_our_errors_escape_from_pem_and_der(data: bytes) -> None:
    for read in (Key.from_pem, Key.from_der):
        with contextlib.suppress(JoseError):
            read(data, "ES256")
