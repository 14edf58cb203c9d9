"""JWKs spelt by hand, good ones to be spoilt: from them the attacks on keys and on sets of keys are made."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from tests.attacks.forgery import (
    EC,
    RSA,
    SECRET,
    b64,
)


def rsa_jwk(bits: int = 2048, exponent: int = 65537, private: bool = False) -> dict[str, Any]:
    """Spell an RSA key by hand; the small and the odd ones cannot be made otherwise."""
    key = RSA if (bits, exponent) == (2048, 65537) else rsa.generate_private_key(65537, max(bits, 1024))
    numbers = key.private_numbers()
    n = numbers.public_numbers.n if bits >= 1024 else (1 << (bits - 1)) | 1
    members: dict[str, Any] = {"kty": "RSA", "alg": "RS256", "n": uint(n), "e": uint(exponent)}
    if private:
        names = {"d": numbers.d, "p": numbers.p, "q": numbers.q}
        names |= {"dp": numbers.dmp1, "dq": numbers.dmq1, "qi": numbers.iqmp}
        members |= {name: uint(value) for name, value in names.items()}
    return members


def uint(number: int) -> str:
    return b64(number.to_bytes((number.bit_length() + 7) // 8 or 1, "big"))


GOOD_RSA = rsa_jwk()
GOOD_PRIVATE_RSA = rsa_jwk(private=True)
N = RSA.public_key().public_numbers().n

POINT = EC.public_key().public_numbers()
GOOD_EC: dict[str, Any] = {
    "kty": "EC",
    "crv": "P-256",
    "alg": "ES256",
    "x": b64(POINT.x.to_bytes(32, "big")),
    "y": b64(POINT.y.to_bytes(32, "big")),
}
GOOD_PRIVATE_EC = GOOD_EC | {"d": b64((0xC0FFEE).to_bytes(32, "big"))}
P = 2**256 - 2**224 + 2**192 + 2**96 - 1


def half(number: int) -> str:
    return b64((number % (1 << 256)).to_bytes(32, "big"))


GOOD_OCT: dict[str, Any] = {"kty": "oct", "alg": "HS256", "k": b64(SECRET)}
