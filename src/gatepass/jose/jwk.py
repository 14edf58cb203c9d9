"""Key material from and to the members of a JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2, RFC 9964).

Each value has exactly one spelling: canonical base64url, integers without leading zeros, coordinates of the
full length of the field (RFC 7518 §6.2.1.2, §6.3.1.1).
"""

from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gatepass.jose import b64
from gatepass.jose.errors import KeyInvalid, Malformed
from gatepass.jose.material import CURVES, RAW_KINDS, Material, check_rsa, of_private, of_public, of_secret

_RSA_PRIVATE = ("p", "q", "dp", "dq", "qi")
_MOST_OCTETS = 1024  # of an RSA integer: 8192 bits, see material.check_rsa


def check_object(jwk: object) -> None:
    """Refuse a JWK that is not an object.

    Raises:
        KeyInvalid: it is something else.
    """
    if not isinstance(jwk, Mapping):
        raise KeyInvalid("a JWK is an object")


def text_member(jwk: Mapping[str, Any], name: str) -> str | None:
    """Give an optional member that must be a string.

    Raises:
        KeyInvalid: it is something else.
    """
    value = jwk.get(name)
    if value is None and name not in jwk:
        return None
    if not isinstance(value, str):
        raise KeyInvalid(f"the JWK member {name!r} is not a string")
    return value


def _octets(jwk: Mapping[str, Any], name: str) -> bytes:
    value = text_member(jwk, name)
    if value is None:
        raise KeyInvalid(f"the JWK member {name!r} is missing")
    try:
        return b64.decode(value)
    except Malformed:
        raise KeyInvalid(f"the JWK member {name!r} is not canonical base64url") from None


def _sized(jwk: Mapping[str, Any], name: str, size: int) -> int:
    octets = _octets(jwk, name)
    if len(octets) != size:
        raise KeyInvalid(f"the JWK member {name!r} has the wrong length")
    return int.from_bytes(octets, "big")


def _uint(jwk: Mapping[str, Any], name: str) -> int:
    octets = _octets(jwk, name)
    if len(octets) > _MOST_OCTETS:
        raise KeyInvalid(f"the JWK member {name!r} is too long")
    if not octets or octets[0] == 0:
        raise KeyInvalid(f"the JWK member {name!r} is not an integer in its shortest form")
    return int.from_bytes(octets, "big")


def x5t_s256(jwk: Mapping[str, Any]) -> str | None:
    """Give the SHA-256 thumbprint of the key's certificate, if it is there (RFC 7517 §4.9).

    Raises:
        KeyInvalid: it is not one.
    """
    if "x5t#S256" not in jwk:
        return None
    _sized(jwk, "x5t#S256", 32)
    return text_member(jwk, "x5t#S256")


def read(jwk: Mapping[str, Any]) -> Material:
    """Give the checked material of a JWK.

    Raises:
        KeyInvalid: naming the member that is wrong.
    """
    kty = text_member(jwk, "kty")
    if kty == "oct":
        return of_secret(_octets(jwk, "k"))
    if kty == "RSA":
        return _read_rsa(jwk)
    if kty == "EC":
        return _read_ec(jwk)
    if kty == "OKP":
        return _read_raw(jwk, kty, text_member(jwk, "crv"), "x", "d")
    if kty == "AKP":
        return _read_raw(jwk, kty, text_member(jwk, "alg"), "pub", "priv")
    raise KeyInvalid("the JWK member 'kty' is missing or unknown")


def _read_rsa(jwk: Mapping[str, Any]) -> Material:
    n, e = _uint(jwk, "n"), _uint(jwk, "e")
    check_rsa(n, e)
    public = rsa.RSAPublicNumbers(e, n)
    if "d" not in jwk:
        if not jwk.keys().isdisjoint(_RSA_PRIVATE):
            raise KeyInvalid("the JWK holds parts of a private key, but no 'd'")
        return of_public(public.public_key())
    if "oth" in jwk:
        raise KeyInvalid("RSA keys of more than two primes are not supported")
    d = _uint(jwk, "d")
    if not 1 < d < n:  # the arithmetic below would take minutes over a longer one
        raise KeyInvalid("the JWK member 'd' is out of range")
    try:
        # RFC 7518 §6.3.2: all of the five, or none of them
        if jwk.keys().isdisjoint(_RSA_PRIVATE):
            p, q = rsa.rsa_recover_prime_factors(n, e, d)
            dp, dq, qi = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        else:
            p, q, dp, dq, qi = (_uint(jwk, name) for name in _RSA_PRIVATE)
        return of_private(rsa.RSAPrivateNumbers(p, q, d, dp, dq, qi, public).private_key())
    except ValueError:
        raise KeyInvalid("the private and the public half of the RSA key do not match") from None


def _read_ec(jwk: Mapping[str, Any]) -> Material:
    crv = text_member(jwk, "crv")
    if crv not in CURVES:
        raise KeyInvalid("the JWK member 'crv' is missing or unknown")
    curve, size = CURVES[crv]
    numbers = ec.EllipticCurvePublicNumbers(_sized(jwk, "x", size), _sized(jwk, "y", size), curve)
    try:
        public = numbers.public_key()
    except ValueError:
        raise KeyInvalid("the point of the EC key is not on its curve") from None
    if "d" not in jwk:
        return of_public(public)
    try:
        private = ec.derive_private_key(_sized(jwk, "d", size), curve)
    except ValueError:
        raise KeyInvalid("the JWK member 'd' is out of range") from None
    if private.public_key().public_numbers() != numbers:
        raise KeyInvalid("the private and the public half of the EC key do not match")
    return of_private(private)


def _read_raw(jwk: Mapping[str, Any], kty: str, name: str | None, public: str, private: str) -> Material:
    kind = RAW_KINDS.get(name or "")
    if kind is None or kind.kty != kty:
        raise KeyInvalid(f"the JWK of kty {kty} names no known curve or algorithm")
    octets = _octets(jwk, public)
    try:
        if private not in jwk:
            return of_public(kind.public_from(octets))
        key = kind.private_from(_octets(jwk, private))
    except ValueError:
        raise KeyInvalid("the JWK member of a half of the key has the wrong length") from None
    if key.public_key().public_bytes_raw() != octets:  # else a chosen public half can leak the private one
        raise KeyInvalid("the private and the public half of the key do not match")
    return of_private(key)


def _text(number: int, size: int | None = None) -> str:
    return b64.encode(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def public_members(material: Material) -> dict[str, str]:
    """Give the members that RFC 7638 §3.2 hashes; of a secret key that is the secret itself."""
    if material.secret is not None:
        return {"k": b64.encode(material.secret), "kty": "oct"}
    if material.kty == "RSA":
        rsa_numbers = material.public.public_numbers()
        return {"e": _text(rsa_numbers.e), "kty": "RSA", "n": _text(rsa_numbers.n)}
    assert material.curve is not None  # noqa: S101 - every other kind has one
    if material.kty == "EC":
        numbers, size = material.public.public_numbers(), CURVES[material.curve][1]
        return {
            "crv": material.curve,
            "kty": "EC",
            "x": _text(numbers.x, size),
            "y": _text(numbers.y, size),
        }
    octets = b64.encode(material.public.public_bytes_raw())
    if material.kty == "AKP":
        return {"alg": material.curve, "kty": "AKP", "pub": octets}
    return {"crv": material.curve, "kty": "OKP", "x": octets}


def private_members(material: Material) -> dict[str, str]:
    """Give the members that must stay secret and are not among the public ones."""
    if material.private is None:
        return {}
    if material.kty == "RSA":
        numbers = material.private.private_numbers()
        names = ("d", "p", "q", "dp", "dq", "qi")
        values = (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
        return {name: _text(value) for name, value in zip(names, values, strict=True)}
    if material.kty == "EC":
        assert material.curve is not None  # noqa: S101 - every EC key has one
        return {"d": _text(material.private.private_numbers().private_value, CURVES[material.curve][1])}
    octets = b64.encode(material.private.private_bytes_raw())
    return {"priv": octets} if material.kty == "AKP" else {"d": octets}
