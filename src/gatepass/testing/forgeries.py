"""How the tokens of the attacks are forged: each function gives one, or gives what makes one."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from gatepass.jose import Key, jwt
from gatepass.jose.b64 import encode
from gatepass.testing.forger import Forger, raw, sign_with, without

if TYPE_CHECKING:
    from collections.abc import Callable

DEEP: Final = 2_000
"""Brackets in brackets: more than Python's parsers stand, and still a short token."""


def nothing(_: bytes) -> bytes:
    """Leave the signature empty."""
    return b""


def unsigned(alg: object) -> Callable[[Forger], str]:
    """Name an algorithm, or none, and sign nothing."""
    return lambda f: f.write({"alg": alg}, None, nothing)


def strange(**header: object) -> Callable[[Forger], str]:
    """Let the attacker's own key sign."""
    return lambda f: f.write(header, None, sign_with(f.stranger))


def headed(**header: object) -> Callable[[Forger], str]:
    """Change the header, and sign as the issuer does."""
    return lambda f: f.issue(header)


def claiming(**claims: object) -> Callable[[Forger], str]:
    """Change the claims, and sign as the issuer does; None leaves one out."""
    return lambda f: f.issue(None, claims)


def numbered(name: str, text: str) -> Callable[[Forger], str]:
    """Write a number as no encoder would."""
    return lambda f: f.issue(None, raw(without(f.claims, name), **{name: text}))


def timed(name: str, seconds: int) -> Callable[[Forger], str]:
    """Set a time so many seconds from now."""
    return lambda f: f.issue(None, {name: f.now + seconds})


def mac(secret: Callable[[Forger], bytes], **header: object) -> Callable[[Forger], str]:
    """Sign with HS256, by whatever a confused Service could take for the secret."""
    from hashlib import sha256
    from hmac import digest

    return lambda f: f.write({"alg": "HS256", **header}, None, lambda m: digest(secret(f), m, sha256))


def published(f: Forger) -> Key:
    """Give the issuer's public key. Raises `LookupError`."""
    if f.published is None:
        raise LookupError("the issuer's public key is not known")
    return f.published


def embedded(f: Forger) -> str:
    """Bring the attacker's key along in the header."""
    own = f.stranger
    return f.write({"jwk": own.to_jwk()}, None, sign_with(own))


def with_certificate(f: Forger) -> str:
    """Bring a certificate of the attacker's key along."""
    own = f.stranger
    return f.write({"x5c": [_certificate(own)]}, None, sign_with(own))


def _certificate(key: Key) -> str:
    """Give a certificate for a key, signed by another one of the attacker's."""
    from base64 import b64encode
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "attacker.invalid")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, load_der_public_key(key.to_der()))  # type: ignore[arg-type]
    dated = builder.serial_number(1).not_valid_before(begin).not_valid_after(begin + timedelta(days=36_500))
    signed = dated.sign(generate_private_key(SECP256R1()), hashes.SHA256())
    return b64encode(signed.public_bytes(Encoding.DER)).decode()


def unencoded(f: Forger) -> str:
    """Sign the payload as it is, not its base64url (RFC 7797)."""
    header = encode(json.dumps({**f.header, "b64": False, "crit": ["b64"]}).encode())
    payload = json.dumps(dict(f.claims)).encode()
    signature = f.sign(header.encode() + b"." + payload)
    return f"{header}.{encode(payload)}.{encode(signature)}"


def compressed(f: Forger) -> str:
    """Compress the claims, as only an encrypted token may (RFC 7516 §4.1.3)."""
    return f.issue({"zip": "DEF"}, zlib.compress(json.dumps(dict(f.claims)).encode(), wbits=-15))


def spare_bits(f: Forger) -> str:
    """Set the bits that the last character of the claims holds too many."""
    text = json.dumps(dict(f.claims))
    claims = encode((text + " " * (-len(text) % 3 + 1)).encode())  # one byte more: 4 spare bits
    message = f"{encode(json.dumps(dict(f.header)).encode())}.{claims[:-1]}{chr(ord(claims[-1]) + 1)}"
    return f"{message}.{encode(f.sign(message.encode()))}"


def other_alphabet(f: Forger) -> str:
    """Spell the signature in the alphabet of plain base64."""
    head, _, signature = f.bend().rpartition(".")
    return f"{head}.{signature.replace('-', '+').replace('_', '/')}"


def as_json(**more: Any) -> Callable[[Forger], str]:
    """Write the token in JSON; each of `more` makes a member from the protected header and the signature."""

    def forge(f: Forger) -> str:
        header, payload, signature = f.bend().split(".")
        one = {"protected": header, "signature": signature}
        return json.dumps({"payload": payload, **{n: v(one) for n, v in more.items()}}, separators=(",", ":"))

    return forge


def altered(f: Forger) -> str:
    """Change the claims of a good token, and leave its signature on."""
    header, _, signature = f.bend().split(".")
    return (
        f"{header}.{encode(json.dumps({**f.claims, 'sub': 'root', 'roles': ['admin']}).encode())}.{signature}"
    )


def der(f: Forger) -> str:
    """Write an ECDSA signature as DER, not as its two numbers side by side."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    def sign(message: bytes) -> bytes:
        signature = f.sign(message)
        half = len(signature) // 2
        r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
        return encode_dss_signature(r, s)

    return f.write(None, None, sign)


def resized(change: Callable[[bytes], bytes]) -> Callable[[Forger], str]:
    """Sign, and change the signature."""
    return lambda f: f.write(None, None, lambda message: change(f.sign(message)))


def encrypted(f: Forger) -> str:
    """Encrypt a token that nobody signed, with a key that anybody can make."""
    secret = Key.generate("A256GCM", kid=f.header.get("kid"))
    return jwt.encrypt(dict(f.claims), secret, enc="A256GCM", typ=str(f.header.get("typ", "JWT")))


def deep(f: Forger) -> str:
    """Nest brackets in the header."""
    return f.write(raw(f.header, x="[" * DEEP + "]" * DEEP), None, nothing)
