"""Attacks on sets of keys: members that are none, names that collide."""

from functools import partial
from typing import Any

from tests.attacks.forgery import (
    ATTACKER,
    ES256,
    RS256,
    Attack,
    forge,
    header,
    pair_of_tests,
    pem,
    policy,
    rs256,
    verify,
    without,
)
from tests.attacks.jwks import GOOD_EC, GOOD_OCT, GOOD_PRIVATE_EC, GOOD_RSA, N, half, rsa_jwk, uint

from gatepass.jose import (
    AlgorithmNotAllowed,
    JoseError,
    Key,
    KeyInvalid,
    KeyNotFound,
    KeySet,
    Malformed,
)

GOOD_SET = [ES256.to_jwk()]
BAD_MEMBERS: dict[str, Any] = {
    "null": None,
    "a number": 5,
    "text": "key",
    "a list": [],
    "an empty object": {},
    "an unknown kty": {"kty": "quantum", "kid": "q"},
    "a kty that is a list": {"kty": []},
    "an EC point off its curve": GOOD_EC | {"y": half(1), "kid": "off"},
    "an RSA key of 1024 bits": rsa_jwk(1024) | {"kid": "small"},
    "an RSA key with a huge exponent": GOOD_RSA | {"e": uint(N), "kid": "huge"},
    "a key of alg none": GOOD_OCT | {"alg": "none"},
    "a key without alg": {"kty": "RSA", "n": GOOD_RSA["n"], "e": "AQAB"},
    "a lone surrogate": {"kty": "\ud800", "kid": "\ud800"},
    "a kid that is a list": GOOD_EC | {"kid": ["ec"]},
    "a shared secret": GOOD_OCT,
}


def in_a_set(member: Any, token: str) -> object:
    """Verify by a set that holds one bad member before and one after the good key."""
    keys = KeySet.from_jwks({"keys": [member, *GOOD_SET, member]})
    assert len(keys) == 1
    assert [one.position for one in keys.passed_over] == [0, 2]
    return verify(token, keys)


NOT_SETS: dict[str, Any] = {
    "null": None,
    "a list": [],
    "text": '{"keys":[]}',
    "an empty object": {},
    "an object whose keys is null": {"keys": None},
    "an object whose keys is an object": {"keys": {}},
    "an object whose keys is text": {"keys": "keys"},
    "a single JWK": GOOD_EC,
    "bytes that are no JSON": b"<html>",
    "no bytes": b"",
    "bytes of an array": b"[]",
}
BAD_KEYS = [
    Attack(
        "bad-key-in-set",
        f"CVE-2026-102274: {what} beside a good key opens nothing, and the good key still works",
        KeyNotFound,
        partial(in_a_set, member, forge(header(kid="q"))),
        partial(in_a_set, member, forge(header(kid="ec"))),
    )
    for what, member in BAD_MEMBERS.items()
] + [
    Attack(
        "bad-key-in-set",
        f"RFC 7517 §5: the set is {what}",
        Malformed,
        partial(KeySet.from_jwks, value),
        partial(KeySet.from_jwks, {"keys": []}),
    )
    for what, value in NOT_SETS.items()
]

TWIN = GOOD_EC | {"kid": "same"}
OTHER = Key.from_pem(pem(ATTACKER), "ES256", kid="same").to_jwk()
NAMELESS = [without(GOOD_EC, "kid"), without(OTHER, "kid")]
COLLISIONS = [
    Attack(
        "kid",
        "RFC 7517 §4.5: two keys of one kid and alg are ambiguous",
        KeyNotFound,
        lambda: verify(forge(header(kid="same")), KeySet.from_jwks({"keys": [TWIN, OTHER]})),
        lambda: verify(
            forge(header(kid="same")), KeySet.from_jwks({"keys": [TWIN, OTHER | {"kid": "other"}]})
        ),
    ),
    Attack(
        "kid",
        "RFC 7517 §4.5: a set made by hand of two keys of one kid and alg",
        KeyInvalid,
        lambda: KeySet([Key.from_jwk(TWIN), Key.from_jwk(OTHER)]),
        lambda: KeySet([Key.from_jwk(TWIN), Key.from_jwk(OTHER | {"kid": "other"})]),
    ),
    Attack(
        "kid",
        "Wycheproof json_web_key 4: a good key and an unusable one of the same kid and alg are ambiguous",
        KeyNotFound,
        lambda: verify(forge(header(kid="same")), KeySet.from_jwks({"keys": [TWIN, TWIN | {"y": half(1)}]})),
        lambda: verify(
            forge(header(kid="same")), KeySet.from_jwks({"keys": [TWIN, TWIN | {"y": half(1), "kid": "o"}]})
        ),
    ),
    Attack(
        "kid",
        "one kid for RS256 and ES256: each verifies its own algorithm only",
        JoseError,
        lambda: verify(
            forge(header(kid="same"), sign=rs256),
            KeySet.from_jwks({"keys": [TWIN, RS256.to_jwk() | {"kid": "same"}]}),
            policy(algorithms=frozenset({"RS256", "ES256"})),
        ),
        lambda: [
            verify(token, KeySet.from_jwks({"keys": [TWIN, RS256.to_jwk() | {"kid": "same"}]}), policy(alg))
            for alg, token in (
                ("ES256", forge(header(kid="same"))),
                ("RS256", forge(header(alg="RS256", kid="same"), sign=rs256)),
            )
        ],
    ),
    Attack(
        "kid",
        "no kid in the header and two keys that fit",
        KeyNotFound,
        lambda: verify(forge(), KeySet.from_jwks({"keys": NAMELESS})),
        lambda: verify(forge(), KeySet.from_jwks({"keys": NAMELESS[:1]})),
    ),
    Attack(
        "kid",
        "no kid in the header, and the only key is for another algorithm",
        AlgorithmNotAllowed,
        lambda: verify(forge(), KeySet([RS256])),
        lambda: verify(forge(), KeySet([RS256, ES256])),
    ),
    Attack(
        "kid",
        "a kid in the header that only a nameless key could fit",
        KeyNotFound,
        lambda: verify(forge(header(kid="any")), KeySet.from_jwks({"keys": NAMELESS[:1]})),
        lambda: verify(forge(), KeySet.from_jwks({"keys": NAMELESS[:1]})),
    ),
    Attack(
        "kid",
        "an empty set",
        KeyNotFound,
        lambda: verify(forge(), KeySet([])),
        lambda: verify(forge(), KeySet([ES256])),
    ),
]

ATTACKS = [*BAD_KEYS, *COLLISIONS]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


def test_a_private_key_that_strays_into_a_published_set_leaves_it_as_its_public_half() -> None:
    keys = KeySet.from_jwks({"keys": [GOOD_PRIVATE_EC | {"kid": "ec"}]})
    assert keys.to_jwks() == {"keys": [GOOD_EC | {"kid": "ec"}]}
