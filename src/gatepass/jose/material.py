"""What a key is made of: a secret, or a private and a public half of `cryptography`, checked when it is taken
in.

Checked here, once for every way in (JWK, PEM, DER, X.509): the size of an RSA modulus and its exponent, the
point on its curve, halves that belong together (RFC 7518 §6, RFC 8037 §2, RFC 9964; CVE-2026-102275).
"""

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from os import urandom
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gatepass.jose.errors import KeyInvalid

# RFC 7518 §3.3, §4.3 want 2048 bits at least. Above 8192 a stranger's JWKS would buy milliseconds of our
# time per check.
_RSA_BITS = range(2048, 8192 + 1)
# FIPS 186-5 §5.1: odd and above 2**16; OpenSSL takes no more than 64 bits with a large modulus.
_RSA_EXPONENTS = range(65537, 2**64, 2)

CURVES: Final[dict[str, tuple[ec.EllipticCurve, int]]] = {  # JWK crv: curve, bytes of a coordinate
    "P-256": (ec.SECP256R1(), 32),
    "P-384": (ec.SECP384R1(), 48),
    "P-521": (ec.SECP521R1(), 66),
    "secp256k1": (ec.SECP256K1(), 32),
}
_CURVE_NAMES = {curve.name: name for name, (curve, _) in CURVES.items()}


@dataclass(frozen=True, slots=True)
class RawKind:
    """A kind of key whose halves are plain octets: OKP (RFC 8037), AKP (RFC 9964: private is the seed)."""

    kty: str
    module: str  # imported when first used: most programs need one or none of them
    stem: str

    def private_from(self, octets: bytes) -> Any:
        """Give the private key of some octets; raises ValueError for a wrong length."""
        kind = getattr(import_module(self.module), f"{self.stem}PrivateKey")
        return kind.from_seed_bytes(octets) if self.kty == "AKP" else kind.from_private_bytes(octets)

    def public_from(self, octets: bytes) -> Any:
        """Give the public key of some octets; raises ValueError for a wrong length."""
        return getattr(import_module(self.module), f"{self.stem}PublicKey").from_public_bytes(octets)

    def generate(self) -> Any:
        """Make a private key."""
        return getattr(import_module(self.module), f"{self.stem}PrivateKey").generate()


_ASYMMETRIC = "cryptography.hazmat.primitives.asymmetric"
RAW_KINDS: Final[dict[str, RawKind]] = {
    "Ed25519": RawKind("OKP", f"{_ASYMMETRIC}.ed25519", "Ed25519"),
    "Ed448": RawKind("OKP", f"{_ASYMMETRIC}.ed448", "Ed448"),
    "X25519": RawKind("OKP", f"{_ASYMMETRIC}.x25519", "X25519"),
    "X448": RawKind("OKP", f"{_ASYMMETRIC}.x448", "X448"),
    "ML-DSA-44": RawKind("AKP", f"{_ASYMMETRIC}.mldsa", "MLDSA44"),
    "ML-DSA-65": RawKind("AKP", f"{_ASYMMETRIC}.mldsa", "MLDSA65"),
    "ML-DSA-87": RawKind("AKP", f"{_ASYMMETRIC}.mldsa", "MLDSA87"),
}


@dataclass(frozen=True, slots=True, repr=False)
class Material:
    """A `secret`, a `public` half, or both halves; `curve` is the JWK `crv` or the ML-DSA set."""

    kty: str
    curve: str | None = None
    secret: bytes | None = None
    private: Any = None
    public: Any = None

    @property
    def is_private(self) -> bool:
        """Whether this must stay secret."""
        return self.secret is not None or self.private is not None

    @property
    def opener(self) -> Any:
        """What signs, decrypts and agrees: the secret or the private half, else None."""
        return self.private if self.secret is None else self.secret

    @property
    def checker(self) -> Any:
        """What verifies and encrypts: the secret or the public half."""
        return self.public if self.secret is None else self.secret


def of_private(private: Any) -> Material:
    """Give the material of a private key object of `cryptography`.

    Raises:
        KeyInvalid: of a kind or size that no algorithm here uses.
    """
    public = of_public(private.public_key())
    return Material(public.kty, public.curve, private=private, public=public.public)


def of_public(public: Any) -> Material:
    """Give the material of a public key object of `cryptography`.

    Raises:
        KeyInvalid: of a kind or size that no algorithm here uses.
    """
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        check_rsa(numbers.n, numbers.e)
        return Material("RSA", public=public)
    if isinstance(public, ec.EllipticCurvePublicKey):
        curve = _CURVE_NAMES.get(public.curve.name)
        if curve is None:
            raise KeyInvalid("the curve of the key is not supported")
        return Material("EC", curve, public=public)
    kind = type(public).__name__
    for name, raw in RAW_KINDS.items():
        if kind == f"{raw.stem}PublicKey":
            return Material(raw.kty, name, public=public)
    raise KeyInvalid("the kind of the key is not supported")


def check_rsa(n: int, e: int) -> None:
    """Refuse an RSA public key that is too small, too large or weak.

    Raises:
        KeyInvalid: naming what is wrong.
    """
    if n.bit_length() not in _RSA_BITS:
        raise KeyInvalid("an RSA key must have 2048 to 8192 bits")
    if not n & 1:
        raise KeyInvalid("the RSA modulus is even")
    if e not in _RSA_EXPONENTS:
        raise KeyInvalid("the RSA public exponent must be odd, at least 65537 and below 2**64")
    if _has_roca_fingerprint(n):
        raise KeyInvalid("the RSA key was made by a generator known to be broken (CVE-2017-15361)")


# Moduli of that generator are powers of 65537 modulo each of these primes; another modulus is so by chance
# once in 2**27.
_ROCA_PRIMES = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)


def _has_roca_fingerprint(n: int) -> bool:
    return all(n % prime in _powers_of_f4(prime) for prime in _ROCA_PRIMES)


@cache
def _powers_of_f4(prime: int) -> frozenset[int]:
    return frozenset(pow(65537, exponent, prime) for exponent in range(prime))


def of_secret(secret: object) -> Material:
    """Give the material of a shared secret.

    Raises:
        KeyInvalid: it is not bytes: how a text becomes bytes is not guessed.
    """
    if not isinstance(secret, bytes):
        raise KeyInvalid("a secret is bytes")
    return Material("oct", secret=secret)


def generate_secret(size: int) -> Material:
    """Make a new secret of `size` bytes."""
    return of_secret(urandom(size))  # the source `cryptography` itself takes for symmetric keys


def generate(curve: str | None, bits: int) -> Material:
    """Make a new key pair with OpenSSL's generator: on a curve (or of an ML-DSA set), or RSA of `bits`.

    Raises:
        KeyInvalid: RSA of such a size is not accepted either.
    """
    if curve in CURVES:
        return of_private(ec.generate_private_key(CURVES[curve][0]))
    if curve is not None:
        return of_private(RAW_KINDS[curve].generate())
    if bits not in _RSA_BITS:
        raise KeyInvalid("an RSA key must have 2048 to 8192 bits")
    return of_private(rsa.generate_private_key(65537, bits))
