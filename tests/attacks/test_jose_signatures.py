"""Attacks on the signature itself: lengths, ranges, encodings, another key's signature."""

from base64 import urlsafe_b64decode
from collections.abc import Callable
from functools import partial

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from tests.attacks.forgery import (
    RS256,
    Attack,
    Sign,
    b64,
    es256,
    es256_of_the_attacker,
    forge,
    header,
    pair_of_tests,
    pem,
    policy,
    rs256,
    token,
    verify,
)

from gatepass.jose import BadSignature, JoseError, Key, jws

# The order of each group (SEC 2 §2.4, FIPS 186-4 §D.1.2), and the bytes of one half of the signature.
CURVES: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm, int, int]] = {
    "ES256": (
        ec.SECP256R1(),
        hashes.SHA256(),
        32,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
    "ES384": (
        ec.SECP384R1(),
        hashes.SHA384(),
        48,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
    "ES512": (
        ec.SECP521R1(),
        hashes.SHA512(),
        66,
        int("01" + "F" * 64 + "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409", 16),
    ),
    "ES256K": (
        ec.SECP256K1(),
        hashes.SHA256(),
        32,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
}
PRIVATE = {alg: ec.derive_private_key(0xC0FFEE, curve) for alg, (curve, *_) in CURVES.items()}
KEYS = {alg: Key.from_pem(pem(private), alg) for alg, private in PRIVATE.items()}

Change = Callable[
    [int, int, int, int], bytes
]  # r, s, the order and the size of a half give the bytes that are sent


def der(alg: str, message: bytes) -> bytes:
    return PRIVATE[alg].sign(message, ec.ECDSA(CURVES[alg][1]))


def signed(alg: str, change: Change, message: bytes) -> bytes:
    """Sign rightly, then send something else."""
    r, s = decode_dss_signature(der(alg, message))
    return change(r, s, CURVES[alg][3], CURVES[alg][2])


def halves(r: int, s: int, size: int) -> bytes:
    """Write both numbers; one that has no room keeps its lowest bytes."""
    mask = (1 << 8 * size) - 1
    return (r & mask).to_bytes(size, "big") + (s & mask).to_bytes(size, "big")


def honest(r: int, s: int, n: int, size: int) -> bytes:
    return halves(r, s, size)


ECDSA_CHANGES: dict[str, Change] = {
    "CVE-2022-21449: r = s = 0": lambda r, s, n, size: bytes(2 * size),
    "CVE-2022-21449: r = 0": lambda r, s, n, size: halves(0, s, size),
    "CVE-2022-21449: s = 0": lambda r, s, n, size: halves(r, 0, size),
    "CVE-2022-21449: r = n, s = n": lambda r, s, n, size: halves(n, n, size),
    "CVE-2022-21449: r = n": lambda r, s, n, size: halves(n, s, size),
    "CVE-2022-21449: s = n": lambda r, s, n, size: halves(r, n, size),
    "SEC 1 §4.1.4: r = s = 1": lambda r, s, n, size: halves(1, 1, size),
    "SEC 1 §4.1.4: r = s = n - 1": lambda r, s, n, size: halves(n - 1, n - 1, size),
    "SEC 1 §4.1.4: r and s all ones": lambda r, s, n, size: b"\xff" * (2 * size),
    "SEC 1 §4.1.4: r and s swapped": lambda r, s, n, size: halves(s, r, size),
    "SEC 1 §4.1.4: r + n": lambda r, s, n, size: halves(r + n, s, size),
    "SEC 1 §4.1.4: s + n": lambda r, s, n, size: halves(r, s + n, size),
    "SEC 1 §4.1.4: -r": lambda r, s, n, size: halves(n - r, s, size),
    "RFC 7518 §3.4: a byte short": lambda r, s, n, size: halves(r, s, size)[:-1],
    "RFC 7518 §3.4: a byte short at the front": lambda r, s, n, size: halves(r, s, size)[1:],
    "RFC 7518 §3.4: a zero after it": lambda r, s, n, size: halves(r, s, size) + b"\0",
    "RFC 7518 §3.4: a zero before it": lambda r, s, n, size: b"\0" + halves(r, s, size),
    "RFC 7518 §3.4: a zero before each half": lambda r, s, n, size: halves(r, s, size + 1),
    "RFC 7518 §3.4: twice": lambda r, s, n, size: halves(r, s, size) * 2,
    "RFC 7518 §3.4: only r": lambda r, s, n, size: r.to_bytes(size, "big"),
    "RFC 7518 §3.4: nothing": lambda r, s, n, size: b"",
    "RFC 7518 §3.4: one byte": lambda r, s, n, size: b"\0",
}


def verify_ec(alg: str, sign: Sign) -> object:
    return verify(forge(header(alg=alg), sign=sign), KEYS[alg], policy(alg))


ECDSA = [
    Attack(
        "ecdsa",
        f"{name}, {alg}",
        BadSignature,
        partial(verify_ec, alg, partial(signed, alg, change)),
        partial(verify_ec, alg, partial(signed, alg, honest)),
    )
    for name, change in ECDSA_CHANGES.items()
    for alg in CURVES
] + [
    Attack(
        "ecdsa",
        f"RFC 7518 §3.4: DER instead of r‖s, {alg}",
        BadSignature,
        partial(verify_ec, alg, partial(der, alg)),
        partial(verify_ec, alg, partial(signed, alg, honest)),
    )
    for alg in CURVES
]


def rsa_changed(change: Callable[[bytes], bytes], message: bytes) -> bytes:
    return change(rs256(message))


def verify_rsa(sign: Sign) -> object:
    return verify(forge(header(alg="RS256"), sign=sign), RS256, policy("RS256"))


RSA_SIGNATURES = [
    Attack(
        "§3.4",
        f"RFC 8017 §8.2.2: {name}",
        BadSignature,
        partial(verify_rsa, partial(rsa_changed, change)),
        partial(verify_rsa, rs256),
    )
    for name, change in {
        "a zero before the signature": lambda signature: b"\0" + signature,
        "a zero after the signature": lambda signature: signature + b"\0",
        "a signature without its last byte": lambda signature: signature[:-1],
        "a signature without its first byte": lambda signature: signature[1:],
        "zero": lambda signature: bytes(len(signature)),
        "one": lambda signature: bytes(len(signature) - 1) + b"\1",
        "all ones": lambda signature: b"\xff" * len(signature),
        "nothing": lambda signature: b"",
    }.items()
]

ED25519 = Key.generate("Ed25519", kid="ed")
ED448 = Key.generate("Ed448", kid="ed448")
ORDER_ED25519 = 2**252 + 27742317777372353535851937790883648493


def eddsa(key: Key, change: Callable[[bytes], bytes]) -> object:
    head, body, signature = jws.sign(b"payload", key, typ=None).split(".")
    raw = decoded(signature)
    return jws.verify(f"{head}.{body}.{b64(change(raw))}", key, typ=None, algorithms=frozenset({key.alg}))


def decoded(segment: str) -> bytes:
    return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def s_plus_order(signature: bytes) -> bytes:
    """RFC 8032 §8.4: S and S + L would be the same signature to a verifier that does not look."""
    s = int.from_bytes(signature[32:], "little") + ORDER_ED25519
    return signature[:32] + s.to_bytes(32, "little")


EDDSA = [
    Attack(
        "§3.4",
        f"RFC 8032 §5.1.7: {name}, {key.alg}",
        BadSignature,
        partial(eddsa, key, change),
        partial(eddsa, key, bytes),
    )
    for name, change, keys in (
        ("S + L", s_plus_order, (ED25519,)),
        ("zero", lambda signature: bytes(len(signature)), (ED25519, ED448)),
        ("a byte short", lambda signature: signature[:-1], (ED25519, ED448)),
        ("a zero after it", lambda signature: signature + b"\0", (ED25519, ED448)),
        (
            "the length of the other curve",
            lambda signature: (signature * 2)[: 178 - len(signature)],
            (ED25519, ED448),
        ),
    )
    for key in keys
]

HMACS = [
    Attack(
        "§3.4",
        f"RFC 7518 §3.2: {name}, {alg}",
        BadSignature,
        partial(eddsa, Key.generate(alg), change),
        partial(eddsa, Key.generate(alg), bytes),
    )
    for alg in ("HS256", "HS384", "HS512")
    for name, change in {
        "a MAC cut to 16 bytes": lambda mac: mac[:16],
        "a MAC cut to 1 byte": lambda mac: mac[:1],
        "a MAC without its last byte": lambda mac: mac[:-1],
        "a MAC with a zero after it": lambda mac: mac + b"\0",
        "no MAC": lambda mac: b"",
    }.items()
]

ATTACKS: list[Attack] = [
    *ECDSA,
    *RSA_SIGNATURES,
    *EDDSA,
    *HMACS,
    token(
        "§3.3",
        "RFC 8725 §3.3: the signature of another token",
        BadSignature,
        lambda: forge().rpartition(".")[0] + "." + forge(claims=b"{}").rpartition(".")[2],
    ),
    token(
        "§3.3",
        "RFC 8725 §3.3: a signature over header and payload without the dot",
        BadSignature,
        lambda: forge(sign=lambda message: es256(message.replace(b".", b""))),
    ),
    token(
        "§3.3",
        "RFC 8725 §3.3: a signature over the decoded payload",
        BadSignature,
        lambda: forge(sign=lambda message: es256(b"{}")),
    ),
    token(
        "§3.3",
        "RFC 8725 §3.3: a signature by another key of the curve",
        JoseError,
        lambda: forge(sign=es256_of_the_attacker),
    ),
]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


@pytest.mark.parametrize("alg", CURVES)
def test_n_minus_s_is_the_same_signature_by_the_standard(alg: str) -> None:
    """ECDSA is malleable, and RFC 7518 §3.4 asks for no low s: half of all honest signatures have a high one.

    So whoever holds an ES* token can write a second text of it. Nothing may rest on the text of a token being
    unique: it is renewed by the hash of the text that was issued, and revoked by sid, jti, sub and epoch.
    """
    verify_ec(alg, partial(signed, alg, lambda r, s, n, size: halves(r, n - s, size)))
