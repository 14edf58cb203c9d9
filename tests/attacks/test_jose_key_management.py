"""Attacks on how the content key is carried: bombs of rounds, points off the curve, points of small order."""

from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from tests.attacks.forgery import (
    Attack,
    b64,
    pair_of_tests,
    without,
)
from tests.attacks.sealing import (
    AGREEMENT,
    AGREEMENT_X,
    CEK,
    PASSWORD,
    PASSWORDS,
    PUBLIC,
    SECRETS,
    agreed,
    by,
    by_agreement,
    open_,
    password,
    seal,
)

from gatepass.jose import (
    AlgorithmNotAllowed,
    DecryptionFailed,
    Malformed,
)

BOMBS = [
    by(
        "p2c",
        f"CVE-2023-6681: p2c {count!r}",
        Malformed,
        partial(password, count),
        password,
        PASSWORD,
        PASSWORDS,
    )
    for count in (
        2**31,
        2**31 - 1,
        1_200_001,
        10**18,
        999,
        1,
        0,
        -1,
        "1000",
        1000.0,
        1e6,
        True,
        None,
        [1000],
        {"p2c": 1},
    )
] + [
    by("p2c", "CVE-2023-6681: no p2c", Malformed, partial(password, "gone"), password, PASSWORD, PASSWORDS),
    by(
        "p2c",
        "RFC 7518 §4.8.1.1: no p2s",
        Malformed,
        partial(password, p2s="gone"),
        password,
        PASSWORD,
        PASSWORDS,
    ),
    by(
        "p2c",
        "RFC 7518 §4.8.1.1: a salt of 7 bytes",
        Malformed,
        partial(password, salt=b"7 bytes"),
        password,
        PASSWORD,
        PASSWORDS,
    ),
    by(
        "p2c",
        "RFC 7518 §4.8.1.1: an empty salt",
        Malformed,
        partial(password, p2s=""),
        password,
        PASSWORD,
        PASSWORDS,
    ),
    by(
        "p2c",
        "RFC 7518 §4.8.1.1: a salt that is a number",
        Malformed,
        partial(password, p2s=5),
        password,
        PASSWORD,
        PASSWORDS,
    ),
    Attack(
        "bis-p2c",
        "RFC 8725bis: passwords are opened only where the caller's list names them",
        AlgorithmNotAllowed,
        lambda: open_(password(), PASSWORD, SECRETS),
        lambda: open_(password(), PASSWORD, PASSWORDS),
    ),
    Attack(
        "bis-p2c",
        "RFC 8725bis: a list of passwords and other secrets",
        ValueError,
        lambda: open_(password(), PASSWORD, PASSWORDS | SECRETS),
        lambda: open_(password(), PASSWORD, PASSWORDS),
    ),
]

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
GOOD_EPK = {name: AGREEMENT.to_jwk()[name] for name in ("kty", "crv", "x", "y")}
P384 = ec.derive_private_key(0xC0FFEE, ec.SECP384R1()).public_key().public_numbers()
EPKS: dict[str, Any] = {
    "off the curve": GOOD_EPK | {"y": b64(bytes(31) + b"\1")},
    "of zeros": GOOD_EPK | {"x": b64(bytes(32)), "y": b64(bytes(32))},
    "of x at the prime": GOOD_EPK | {"x": b64(P.to_bytes(32, "big"))},
    "of all ones": GOOD_EPK | {"x": b64(b"\xff" * 32), "y": b64(b"\xff" * 32)},
    "on P-384": {
        "kty": "EC",
        "crv": "P-384",
        "x": b64(P384.x.to_bytes(48, "big")),
        "y": b64(P384.y.to_bytes(48, "big")),
    },
    "on P-384, called P-256": {
        "kty": "EC",
        "crv": "P-256",
        "x": b64(P384.x.to_bytes(48, "big")),
        "y": b64(P384.y.to_bytes(48, "big")),
    },
    "on X25519": {"kty": "OKP", "crv": "X25519", "x": b64(bytes(31) + b"\x09")},
    "without y": without(GOOD_EPK, "y"),
    "without x": without(GOOD_EPK, "x"),
    "without crv": without(GOOD_EPK, "crv"),
    "without kty": without(GOOD_EPK, "kty"),
    "with padding": GOOD_EPK | {"x": GOOD_EPK["x"] + "="},
    "with a short x": GOOD_EPK | {"x": b64(b"\1" * 31)},
    "with a number as x": GOOD_EPK | {"x": 5},
    "with a crv that is a list": GOOD_EPK | {"crv": ["P-256"]},
    "that is a secret": {"kty": "oct", "k": b64(CEK)},
    "that is empty": {},
    "that is text": "P-256",
    "that is a list": [GOOD_EPK],
    "that is null": None,
    "that is not there": "gone",
}
POINTS = [
    by_agreement(f"CVE-2026-102275: an epk {what}", Malformed, partial(agreed, epk=epk))
    for what, epk in EPKS.items()
]

# The points of small order on Curve25519 (RFC 7748 §6.1): an agreement with one gives zero, whatever the key.
SMALL = {
    "0": bytes(32),
    "1": b"\1" + bytes(31),
    "of order 8": bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    "another of order 8": bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    "p - 1": (2**255 - 20).to_bytes(32, "little"),
    "p": (2**255 - 19).to_bytes(32, "little"),
    "p + 1": (2**255 - 18).to_bytes(32, "little"),
}


def small(point: bytes) -> str:
    """Write a token whose agreed secret is zero, as the sender of a point of small order knows."""
    info = b"".join(len(part).to_bytes(4, "big") + part for part in (b"A128GCM", b"", b"")) + (128).to_bytes(
        4, "big"
    )
    cek = ConcatKDFHash(hashes.SHA256(), 16, info).derive(bytes(32))
    epk = {"kty": "OKP", "crv": "X25519", "x": b64(point)}
    return ".".join(seal({"alg": "ECDH-ES", "enc": "A128GCM", "epk": epk}, cek))


POINTS += [
    by(
        "points",
        f"RFC 7748 §6.1: an X25519 epk of small order, {name}",
        DecryptionFailed,
        partial(small, point),
        lambda: agreed(private=x25519.X25519PrivateKey.generate()),
        AGREEMENT_X,
        PUBLIC,
    )
    for name, point in SMALL.items()
]

ATTACKS = [*BOMBS, *POINTS]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


def test_a_bomb_is_refused_before_the_first_round(monkeypatch: pytest.MonkeyPatch) -> None:
    def derived(*args: object) -> None:
        raise AssertionError("a round was turned")

    monkeypatch.setattr("gatepass.jose.jwe_algorithms.PBKDF2HMAC", derived)
    with pytest.raises(Malformed):
        open_(password(2**31 - 1), PASSWORD, PASSWORDS)
    with pytest.raises(AssertionError, match="a round was turned"):
        open_(password(), PASSWORD, PASSWORDS)
