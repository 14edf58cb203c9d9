"""A policy is complete and sane, or it cannot be built."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from gatepass.jose import Policy

GOOD: dict[str, Any] = {
    "issuer": "https://auth",
    "audience": "clinic",
    "typ": "at+jwt",
    "algorithms": frozenset({"ES256", "RS256", "Ed25519", "EdDSA", "ML-DSA-65"}),
}
BUILT: dict[str, dict[str, Any]] = {
    "the least": {},
    "MACs": {"algorithms": frozenset({"HS256", "HS512"})},
    "leeway of none": {"leeway": 0},
    "leeway of five minutes": {"leeway": 300},
    "more claims": {"required": frozenset({"sub", "iss"}), "max_age": 0.5},
    "a shorter token": {"max_length": 1},
    "secrets that encrypt": {
        "algorithms": frozenset({"dir", "A128KW", "A256GCMKW"}),
        "encryptions": frozenset({"A256GCM"}),
    },
    "public keys that encrypt": {
        "algorithms": frozenset({"RSA-OAEP-256", "ECDH-ES"}),
        "encryptions": frozenset({"A256GCM", "A128CBC-HS256"}),
    },
    "passwords": {
        "algorithms": frozenset({"PBES2-HS256+A128KW"}),
        "encryptions": frozenset({"A128GCM"}),
    },
}
IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "no issuer": {"issuer": ""},
    "an issuer of another type": {"issuer": None},
    "no audience": {"audience": ""},
    "several audiences": {"audience": ["a", "b"]},
    "no typ": {"typ": ""},
    "no algorithms": {"algorithms": frozenset()},
    "algorithms as a text": {"algorithms": "ES256"},
    "algorithms as a list": {"algorithms": ["ES256"]},
    "none": {"algorithms": frozenset({"none"})},
    "none among others": {"algorithms": frozenset({"ES256", "none"})},
    "a misspelt algorithm": {"algorithms": frozenset({"es256"})},
    "a number among algorithms": {"algorithms": frozenset({256})},
    "MACs and signatures": {"algorithms": frozenset({"HS256", "RS256"})},
    "signatures and encryption": {"algorithms": frozenset({"ES256", "ECDH-ES"})},
    "secrets and public keys": {
        "algorithms": frozenset({"dir", "RSA-OAEP"}),
        "encryptions": frozenset({"A256GCM"}),
    },
    "passwords and secrets": {
        "algorithms": frozenset({"A128KW", "PBES2-HS256+A128KW"}),
        "encryptions": frozenset({"A256GCM"}),
    },
    "RSA1_5": {"algorithms": frozenset({"RSA1_5"}), "encryptions": frozenset({"A256GCM"})},
    "encryption without its content": {"algorithms": frozenset({"dir"})},
    "encryption of unknown content": {
        "algorithms": frozenset({"dir"}),
        "encryptions": frozenset({"A512GCM"}),
    },
    "content of a signature": {"encryptions": frozenset({"A256GCM"})},
    "encryptions as a list": {"encryptions": ["A256GCM"]},
    "negative leeway": {"leeway": -1},
    "leeway of an hour": {"leeway": 3600},
    "leeway that is no number": {"leeway": float("nan")},
    "max_age of nothing": {"max_age": 0},
    "max_age for ever": {"max_age": float("inf")},
    "required as a list": {"required": ["sub"]},
    "required holds a number": {"required": frozenset({1})},
    "required holds nothing": {"required": frozenset({""})},
    "max_length of nothing": {"max_length": 0},
}


@pytest.mark.parametrize("changes", BUILT.values(), ids=BUILT)
def test_a_policy_can_be_built(changes: dict[str, Any]) -> None:
    policy = Policy(**GOOD | changes)
    with pytest.raises(FrozenInstanceError):
        policy.leeway = 10**9  # type: ignore[misc]


@pytest.mark.parametrize("changes", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_a_policy_cannot_be_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Policy(**GOOD | changes)


@pytest.mark.parametrize("name", GOOD)
def test_nothing_can_be_left_out(name: str) -> None:
    with pytest.raises(TypeError):
        Policy(**{key: value for key, value in GOOD.items() if key != name})


def test_equal_policies_are_equal() -> None:
    assert Policy(**GOOD) == Policy(**GOOD)
    assert "_typ" not in repr(Policy(**GOOD))
