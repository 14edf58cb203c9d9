"""The keys and the claims that every contender gets."""

import secrets
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, mldsa, rsa

NOW = int(time.time())
ISSUER, AUDIENCE = "https://auth.example", "clinic"

CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "3n6CB8yVTjGdUGXn8Q0R1g",
    "aud": AUDIENCE,
    "exp": NOW + 86_400,
    "nbf": NOW - 5,
    "iat": NOW - 5,
    "jti": "W3yK0r1cT5SEXgBwXb2p2A",
    "scope": "appointments:read appointments:write profile",
    "roles": ["doctor", "head-of-department"],
    "name": "Ada Example",
    "email": "ada@clinic.example",
    "locale": "en-GB",
    "tenant": "clinic-north",
}

ALGORITHMS = [
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
]


@dataclass(frozen=True, slots=True)
class Material:
    """One key as every library wants it: the object, PEM of both halves, or the secret."""

    alg: str
    private: Any
    public: Any
    private_pem: bytes
    public_pem: bytes
    secret: bytes


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


_GENERATE: dict[str, Any] = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ES256K": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "Ed448": ed448.Ed448PrivateKey.generate,
    "ML-DSA-44": mldsa.MLDSA44PrivateKey.generate,
    "ML-DSA-65": mldsa.MLDSA65PrivateKey.generate,
    "ML-DSA-87": mldsa.MLDSA87PrivateKey.generate,
}


@cache
def material(alg: str) -> Material:
    """The key for an algorithm, made once a run."""
    if alg.startswith("HS"):
        secret = secrets.token_bytes(64)
        return Material(alg, None, None, b"", b"", secret)
    private = _rsa() if alg[:2] in {"RS", "PS"} else _GENERATE[alg]()
    public = private.public_key()
    return Material(
        alg,
        private,
        public,
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        b"",
    )
