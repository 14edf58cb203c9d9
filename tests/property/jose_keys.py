"""One key of every algorithm, made once, and the lists of algorithms that a caller may name for it."""

from functools import cache
from typing import Final

from gatepass.jose import Key

MACS: Final = ("HS256", "HS384", "HS512")
RSA_SIGNATURES: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
SIGNATURES: Final = (
    *RSA_SIGNATURES,
    *("ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "EdDSA"),
    *("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
)
JWS: Final = MACS + SIGNATURES
SECRETS: Final = ("dir", "A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW")
PASSWORDS: Final = ("PBES2-HS256+A128KW", "PBES2-HS384+A192KW", "PBES2-HS512+A256KW")
RSA_ENCRYPTIONS: Final = ("RSA-OAEP", "RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512")
AGREEMENTS: Final = ("ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW")
CURVES: Final = ("P-256", "P-384", "P-521", "X25519", "X448")
JWE: Final = SECRETS + PASSWORDS + RSA_ENCRYPTIONS + AGREEMENTS
ENCRYPTIONS: Final = ("A128GCM", "A192GCM", "A256GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512")
KEY_SIZES: Final = dict(zip(ENCRYPTIONS, (16, 24, 32, 32, 48, 64), strict=True))


@cache
def key_of(alg: str, curve: str | None = None) -> Key:
    """Give the private key or secret of an algorithm; all RSA algorithms share one modulus, to save time."""
    if alg in RSA_SIGNATURES + RSA_ENCRYPTIONS and alg != "RS256":
        members = key_of("RS256").to_private_jwk()
        return Key.from_jwk(
            {name: members[name] for name in ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi")}, alg
        )
    return Key.generate(alg, kid="k", curve=curve)


@cache
def direct_key(enc: str) -> Key:
    """Give a secret of the size that a content encryption wants."""
    return Key.from_secret("dir", b"k" * KEY_SIZES[enc], kid="k")


def side(alg: str) -> frozenset[str]:
    """Give the widest list of algorithms that may hold this one."""
    return frozenset(
        next(
            names
            for names in (MACS, SIGNATURES, SECRETS, PASSWORDS, RSA_ENCRYPTIONS + AGREEMENTS)
            if alg in names
        )
    )
