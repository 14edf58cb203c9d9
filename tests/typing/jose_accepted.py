"""What must type-check: read by mypy, never run."""

from collections.abc import Iterator, Mapping
from typing import Any, assert_type

import msgspec

from gatepass.jose import Decrypted, Key, KeySet, Policy, Unverified, Verified, jwe, jws, jwt


class Pass(msgspec.Struct):
    """Claims of one's own."""

    sub: str
    roles: list[str]


def signed(key: Key, keys: KeySet, policy: Policy) -> None:
    token = jwt.sign({"sub": "ada"}, key, typ="JWT")
    assert_type(token, str)
    assert_type(jwt.sign(Pass("ada", []), key, typ="JWT"), str)
    assert_type(jwt.verify(token, key, policy, now=0.0), Verified[dict[str, Any]])
    assert_type(jwt.verify(token, keys, policy, now=0), Verified[dict[str, Any]])
    assert_type(jwt.verify(token, keys, policy, now=0.0, claims_type=Pass), Verified[Pass])
    assert_type(jwt.verify(token, keys, policy, now=0.0, claims_type=Pass).claims.roles, list[str])
    assert_type(jwt.verify(token, keys, policy, now=0.0).kid, str | None)
    assert_type(jwt.peek(token), Unverified)
    assert_type(jwt.decrypt(token, keys, policy, now=0.0), Decrypted[dict[str, Any]])
    assert_type(jwt.decrypt(token, keys, policy, now=0.0, claims_type=Pass), Decrypted[Pass])


def layers(key: Key, keys: KeySet) -> None:
    token = jws.sign(b"payload", key, typ=None)
    assert_type(
        jws.verify(token, keys, typ=None, algorithms=frozenset({"ES256"})), tuple[bytes, Mapping[str, Any]]
    )
    sealed = jwe.encrypt(b"plain", key, enc="A256GCM", typ=None)
    assert_type(sealed, str)
    algorithms, encryptions = frozenset({"dir"}), frozenset({"A256GCM"})
    assert_type(
        jwe.decrypt(sealed, key, typ=None, algorithms=algorithms, encryptions=encryptions),
        tuple[bytes, Mapping[str, Any]],
    )


def keys_and_sets(document: bytes) -> None:
    key = Key.generate("ES256")
    assert_type(key, Key)
    assert_type(key.public(), Key)
    assert_type(key.alg, str)
    assert_type(key.kid, str | None)
    assert_type(key.is_private, bool)
    assert_type(key.to_jwk(), dict[str, Any])
    assert_type(Key.from_jwk(key.to_jwk()), Key)
    assert_type(Key.from_pem(key.to_pem(), "ES256", kid="k"), Key)
    assert_type(Key.from_secret("HS256", b"s" * 32), Key)
    keys = KeySet([key])
    assert_type(KeySet.from_jwks(document), KeySet)
    assert_type(KeySet.from_jwks({"keys": []}), KeySet)
    assert_type(iter(keys), Iterator[Key])
    assert_type(len(keys), int)
    assert_type(keys.to_jwks(), dict[str, list[dict[str, Any]]])


def complete() -> Policy:
    return Policy(issuer="i", audience="a", typ="t", algorithms=frozenset({"ES256"}), leeway=30, max_age=60.0)
