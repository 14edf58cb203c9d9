"""Attacks on keys: sizes, points, halves that do not belong together, spellings, uses."""

import json
from functools import partial
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from tests.attacks.forgery import (
    ATTACKER,
    CLAIMS,
    EC,
    HS_HEADER,
    RSA,
    SECRET,
    Attack,
    b64,
    forge,
    hs256,
    pair_of_tests,
    pem,
    policy,
    verify,
    without,
)
from tests.attacks.jwks import (
    GOOD_EC,
    GOOD_OCT,
    GOOD_PRIVATE_EC,
    GOOD_PRIVATE_RSA,
    GOOD_RSA,
    POINT,
    N,
    P,
    half,
    rsa_jwk,
    uint,
)

from gatepass.jose import (
    Key,
    KeyInvalid,
    KeySet,
    jws,
    jwt,
)


def jwk(lesson: str, what: str, bad: Any, good: Any, alg: str | None = None) -> Attack:
    """Give an attack by a JWK."""
    return Attack(lesson, what, KeyInvalid, partial(Key.from_jwk, bad, alg), partial(Key.from_jwk, good, alg))


def secret(alg: str, size: int, least: int) -> list[Attack]:
    source = "RFC 7518 §3.2" if size else "CVE-2026-102266"
    return [
        Attack(
            "short-secret",
            f"{source}: {size} bytes for {alg}",
            KeyInvalid,
            partial(Key.from_secret, alg, b"k" * size),
            partial(Key.from_secret, alg, b"k" * least),
        ),
        jwk(
            "short-secret",
            f"{source}: a JWK of {size} bytes for {alg}",
            {"kty": "oct", "k": b64(b"k" * size), "alg": alg},
            {"kty": "oct", "k": b64(b"k" * least), "alg": alg},
        ),
    ]


SECRETS = [
    attack
    for alg, least in (("HS256", 32), ("HS384", 48), ("HS512", 64))
    for size in (0, 1, least - 1)
    for attack in secret(alg, size, least)
] + [
    Attack(
        "short-secret",
        f"RFC 7518 §4.1: {size} bytes for {alg}",
        KeyInvalid,
        partial(Key.from_secret, alg, b"k" * size),
        partial(Key.from_secret, alg, b"k" * right),
    )
    for alg, right in (("A128KW", 16), ("A192KW", 24), ("A256KW", 32), ("A128GCMKW", 16), ("A256GCMKW", 32))
    for size in (0, right - 1, right + 1)
]


RSA_KEYS = (
    [
        jwk("§3.5", f"RFC 8725 §3.5: an RSA modulus of {bits} bits", rsa_jwk(bits), GOOD_RSA)
        for bits in (8, 512, 1024, 2047)
    ]
    + [
        jwk(
            "§3.5",
            f"RFC 8017 §3.1: the RSA exponent {'n' if e == N else e}",
            GOOD_RSA | {"e": uint(e)},
            GOOD_RSA,
        )
        for e in (0, 1, 2, 65536, 65538, 2**64 + 1, N)
    ]
    + [
        jwk("§3.5", f"RFC 8017 §3.1: {what}", GOOD_RSA | changes, GOOD_RSA)
        for what, changes in {
            "an even RSA modulus": {"n": uint(N - 1)},
            "an RSA modulus of 20,000 bits": {"n": uint((1 << 19_999) | 1)},
            "an RSA modulus of 0": {"n": "AA"},
            "an empty RSA modulus": {"n": ""},
        }.items()
    ]
    + [
        jwk("points", f"RFC 7518 §6.3.2: {what}", GOOD_PRIVATE_RSA | changes, GOOD_PRIVATE_RSA)
        for what, changes in {
            "an RSA d that is not of n": {"d": uint(65537)},
            "an RSA d of 0": {"d": "AA"},
            "an RSA d of 20,000 bits": {"d": uint((1 << 19_999) | 1)},
            "RSA primes that are not of n": {"p": uint(3), "q": uint(5)},
            "an RSA dp of another key": {"dp": uint(12345)},
            "an RSA qi of another key": {"qi": uint(12345)},
            "the modulus of another key": {"n": rsa_jwk(2049)["n"]},
            "other primes": {"oth": [{"r": "AQ", "d": "AQ", "t": "AQ"}]},
        }.items()
    ]
    + [
        jwk("points", "RFC 7518 §6.3.2: p without q", without(GOOD_PRIVATE_RSA, "q"), GOOD_PRIVATE_RSA),
        jwk("points", "RFC 7518 §6.3.2: primes without d", without(GOOD_PRIVATE_RSA, "d"), GOOD_PRIVATE_RSA),
    ]
)

OFF_THE_CURVE: dict[str, dict[str, Any]] = {
    "a point off the curve": {"y": half(POINT.y + 1)},
    "the point at infinity as zeros": {"x": half(0), "y": half(0)},
    "x at the prime": {"x": half(P)},
    "x above the prime": {"x": half(P + 1)},
    "coordinates all ones": {"x": half(-1), "y": half(-1)},
    "x and y swapped": {"x": GOOD_EC["y"], "y": GOOD_EC["x"]},
    "a coordinate without its leading zeros": {"x": b64(b"\1" * 31)},
    "a coordinate with a zero before it": {"x": b64(b"\0" + POINT.x.to_bytes(32, "big"))},
    "another curve's name": {"crv": "P-384"},
    "the curve secp256k1": {"crv": "secp256k1"},
    "the name of the curve in lower case": {"crv": "p-256"},
    "no curve": {"crv": None},
    "a curve that is a list": {"crv": ["P-256"]},
    "an empty x": {"x": ""},
    "x is a number": {"x": 5},
}
UNEQUAL_HALVES: dict[str, dict[str, Any]] = {
    "an EC d of another key": {"d": half(0xC0FFEF)},
    "an EC d of 0": {"d": half(0)},
    "an EC d past the order": {"d": half(-1)},
    "an EC d without its leading zeros": {"d": uint(0xC0FFEE)},
    "d is null": {"d": None},
}
EC_KEYS = [
    jwk("points", f"CVE-2015-7940: {what}", GOOD_EC | changes, GOOD_EC)
    for what, changes in OFF_THE_CURVE.items()
] + [
    jwk("points", f"CVE-2026-102275: {what}", GOOD_PRIVATE_EC | changes, GOOD_PRIVATE_EC)
    for what, changes in UNEQUAL_HALVES.items()
]


def okp(curve: str, private: Any, other: Any) -> list[Attack]:
    alg = "Ed25519" if curve == "Ed25519" else "ECDH-ES"
    raw = private.private_bytes_raw()
    x, others = private.public_key().public_bytes_raw(), other.public_key().public_bytes_raw()
    good = {"kty": "OKP", "crv": curve, "x": b64(x), "d": b64(raw)}
    return [
        jwk("points", f"CVE-2026-102275: {curve}, {what}", good | changes, good, alg)
        for what, changes in {
            "the public half of another key": {"x": b64(others)},
            "the private half of another key": {"d": b64(other.private_bytes_raw())},
            "x a byte short": {"x": b64(x[:-1])},
            "x a byte too long": {"x": b64(x + b"\0")},
            "d a byte too long": {"d": b64(raw + b"\0")},
            "d is empty": {"d": ""},
            "kty EC": {"kty": "EC"},
        }.items()
    ]


OKP_KEYS = okp("Ed25519", ed25519.Ed25519PrivateKey.generate(), ed25519.Ed25519PrivateKey.generate()) + okp(
    "X25519", x25519.X25519PrivateKey.generate(), x25519.X25519PrivateKey.generate()
)

ODD: dict[str, dict[str, Any]] = {
    "padding in k": {"k": b64(SECRET) + "="},
    "spare bits in k": {"k": b64(SECRET)[:-1] + chr(ord(b64(SECRET)[-1]) + 1)},
    "the standard alphabet in k": {"k": "+/" * 24},
    "white space in k": {"k": b64(SECRET) + "\n"},
    "k is null": {"k": None},
    "k is a number": {"k": 5},
    "k is a list": {"k": [b64(SECRET)]},
    "k is a lone surrogate": {"k": "\ud800" * 64},
    "kty in lower case": {"kty": "OCT"},
    "kty is a list": {"kty": ["oct"]},
    "kty is null": {"kty": None},
    "alg is a list": {"alg": ["HS256"]},
    "alg is null": {"alg": None},
    "alg none": {"alg": "none"},
    "alg of no table": {"alg": "HS1"},
    "alg of another kind of key": {"alg": "RS256"},
    "kid is a number": {"kid": 1},
    "kid is null": {"kid": None},
    "kid is an object": {"kid": {}},
    "use enc": {"use": "enc"},
    "use is empty": {"use": ""},
    "use is a list": {"use": ["sig"]},
    "use is null": {"use": None},
    "key_ops is text": {"key_ops": "sign"},
    "key_ops is null": {"key_ops": None},
    "key_ops is empty": {"key_ops": []},
    "key_ops holds a number": {"key_ops": ["verify", 5]},
    "key_ops twice the same": {"key_ops": ["verify", "verify"]},
    "key_ops of another use": {"key_ops": ["encrypt", "decrypt"]},
    "key_ops misspelt": {"key_ops": ["sign, verify"]},
    "key_ops in upper case": {"key_ops": ["Verify"]},
    "use sig with key_ops to encrypt": {"use": "sig", "key_ops": ["encrypt"]},
}
SPELT_ODDLY: dict[str, dict[str, Any]] = {
    "a leading zero in n": {"n": b64(b"\0" + N.to_bytes(256, "big"))},
    "a leading zero in e": {"e": b64(b"\0\1\0\1")},
    "padding in e": {"e": "AQAB===="},
    "e is a number": {"e": 65537},
}
MEMBERS = (
    [jwk("members", f"RFC 7517 §4: {what}", GOOD_OCT | changes, GOOD_OCT) for what, changes in ODD.items()]
    + [
        jwk("members", f"RFC 7517 §4: the JWK is {what}", value, GOOD_OCT)
        for what, value in {
            "null": None,
            "a list": [GOOD_OCT],
            "text": json.dumps(GOOD_OCT),
            "a number": 5,
            "empty": {},
            "a set": {"keys": [GOOD_OCT]},
        }.items()
    ]
    + [
        jwk("members", f"RFC 7518 §2: {what}", GOOD_RSA | changes, GOOD_RSA)
        for what, changes in SPELT_ODDLY.items()
    ]
)

HALF_OPS = GOOD_OCT | {"key_ops": ["sign"]}
USES = [
    Attack(
        "members",
        "RFC 7517 §4.3: a key whose key_ops is only sign verifies nothing",
        KeyInvalid,
        lambda: verify(forge(HS_HEADER, sign=hs256), Key.from_jwk(HALF_OPS), policy("HS256")),
        lambda: verify(forge(HS_HEADER, sign=hs256), Key.from_jwk(GOOD_OCT), policy("HS256")),
    ),
    Attack(
        "members",
        "RFC 7517 §4.3: a key whose key_ops is only verify signs nothing",
        KeyInvalid,
        lambda: jwt.sign(CLAIMS, Key.from_jwk(GOOD_OCT | {"key_ops": ["verify"]}), typ="at+jwt"),
        lambda: jwt.sign(CLAIMS, Key.from_jwk(HALF_OPS), typ="at+jwt"),
    ),
    Attack(
        "members",
        "RFC 7517 §4.2: a key of use enc verifies nothing",
        KeyInvalid,
        lambda: verify(forge(), Key.from_jwk(GOOD_EC | {"use": "enc"})),
        lambda: verify(forge(), Key.from_jwk(GOOD_EC | {"use": "sig"})),
    ),
    Attack(
        "members",
        "a public key signs nothing",
        KeyInvalid,
        lambda: jws.sign(b"x", Key.from_jwk(GOOD_EC), typ=None),
        lambda: jws.sign(b"x", Key.from_jwk(GOOD_PRIVATE_EC), typ=None),
    ),
    Attack(
        "members",
        "a shared secret has no public half to export",
        KeyInvalid,
        lambda: Key.from_jwk(GOOD_OCT).to_jwk(),
        lambda: Key.from_jwk(GOOD_PRIVATE_EC).to_jwk(),
    ),
    Attack(
        "members",
        "a JWK that leaves its algorithm open",
        KeyInvalid,
        lambda: Key.from_jwk(without(GOOD_RSA, "alg")),
        lambda: Key.from_jwk(without(GOOD_RSA, "alg"), alg="RS256"),
    ),
]

P384 = ec.derive_private_key(0xC0FFEE, ec.SECP384R1())
PRIVATE_PEM = EC.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
# PKCS#8 of a private key of 32 octets that calls itself X448, whose keys have 56.
MISNAMED = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VvBCIEIMX388prjqd6j62I9aKxX38uE9RKEId4Yf9GfPIOwLZT
-----END PRIVATE KEY-----
"""
PEMS = [
    Attack(
        "§3.5",
        f"RFC 7468: {what}",
        KeyInvalid,
        partial(Key.from_pem, bad, alg),
        partial(Key.from_pem, pem(EC), "ES256"),
    )
    for what, bad, alg in (
        ("P-384 for ES256", pem(P384), "ES256"),
        ("RSA for ES256", pem(RSA), "ES256"),
        ("EC for RS256", pem(EC), "RS256"),
        ("a PEM for HS256", pem(EC), "HS256"),
        ("RSA of 1024 bits", pem(rsa.generate_private_key(65537, 1024)), "RS256"),  # noqa: S505
        ("two keys in one text", pem(EC) + pem(ATTACKER), "ES256"),
        ("a private and a public key in one text", PRIVATE_PEM + pem(EC), "ES256"),
        ("no PEM at all", b"hello", "ES256"),
        ("nothing", b"", "ES256"),
        ("an empty block", b"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", "ES256"),
        ("a cut block", pem(EC)[:80], "ES256"),
        ("a block with NUL in it", pem(EC).replace(b"MFkw", b"MF\0w"), "ES256"),
        ("X448 with the octets of X25519", MISNAMED, "ECDH-ES"),
        ("text that is no UTF-8", "\ud800", "ES256"),
        ("a block of another kind", pem(EC).replace(b"PUBLIC KEY", b"CERTIFICATE"), "ES256"),
    )
]

ATTACKS = [*SECRETS, *RSA_KEYS, *EC_KEYS, *OKP_KEYS, *MEMBERS, *USES, *PEMS]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


def test_no_repr_shows_a_secret() -> None:
    for key in (Key.from_secret("HS256", SECRET), Key.from_jwk(GOOD_PRIVATE_EC)):
        shown = repr(key) + repr(KeySet([key]))
        assert "secret" not in shown.replace("private", "")
        assert b64(SECRET) not in shown
        assert GOOD_PRIVATE_EC["d"] not in shown
