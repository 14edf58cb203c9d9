"""A forger's workshop: tokens written and signed by hand, so that anything at all can be put into them.

Nothing here uses Gatepass to make a token; only keys and the verdict are Gatepass's.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gatepass.jose import JoseError, Key, KeySet, Policy, Verified, jwt

NOW = 1_800_000_000.0
CLAIMS: dict[str, Any] = {
    "iss": "https://auth.example",
    "aud": "clinic",
    "sub": "ada",
    "exp": 1_800_000_600,
    "iat": 1_799_999_990,
}
SECRET = b"thirty-two bytes of pure secret!"

EC = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
ATTACKER = ec.derive_private_key(0xBADC0DE, ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)

HS256 = Key.from_secret("HS256", SECRET, kid="secret")
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def pem(private: Any) -> bytes:
    """Give the public half as PEM."""
    encoded: bytes = private.public_key().public_bytes(serialization.Encoding.PEM, SPKI)
    return encoded


def der(private: Any) -> bytes:
    """Give the public half as DER."""
    encoded: bytes = private.public_key().public_bytes(serialization.Encoding.DER, SPKI)
    return encoded


ES256 = Key.from_pem(pem(EC), "ES256", kid="ec")
RS256 = Key.from_pem(pem(RSA), "RS256", kid="rsa")
PS256 = Key.from_pem(pem(RSA), "PS256", kid="rsa")

Sign = Callable[[bytes], bytes]


def hs256(message: bytes, secret: bytes = SECRET) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


def es256(message: bytes, private: ec.EllipticCurvePrivateKey = EC) -> bytes:
    r, s = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def es256_of_the_attacker(message: bytes) -> bytes:
    return es256(message, ATTACKER)


def rs256(message: bytes) -> bytes:
    return RSA.sign(message, padding.PKCS1v15(), hashes.SHA256())


def ps256(message: bytes) -> bytes:
    return RSA.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def text(value: object) -> bytes:
    """Give bytes as they are, text as UTF-8, everything else as JSON (NaN and all)."""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


ES_HEADER: dict[str, Any] = {"alg": "ES256", "typ": "at+jwt"}
HS_HEADER: dict[str, Any] = {"alg": "HS256", "typ": "at+jwt"}


def forge(header: object = None, claims: object = None, sign: Sign = es256) -> str:
    """Write a token of any header and any payload, signed over exactly these bytes."""
    message = (
        b64(text(ES_HEADER if header is None else header))
        + "."
        + b64(text(CLAIMS if claims is None else claims))
    )
    return message + "." + b64(sign(message.encode()))


def forge_hs(header: object = None, claims: object = None) -> str:
    """Write a token with the shared secret."""
    return forge(HS_HEADER if header is None else header, claims, hs256)


def policy(alg: str = "ES256", **changes: Any) -> Policy:
    """Give the policy of the clinic."""
    settings: dict[str, Any] = {
        "issuer": "https://auth.example",
        "audience": "clinic",
        "typ": "at+jwt",
        "algorithms": frozenset({alg}),
    }
    return Policy(**(settings | changes))


def verify(token: str, keys: Key | KeySet = ES256, rules: Policy | None = None) -> Verified[dict[str, Any]]:
    """Verify as a Service does."""
    return jwt.verify(token, keys, rules or policy(), now=NOW)


def verify_hs(token: str) -> Verified[dict[str, Any]]:
    """Verify as a Service does that was given the shared secret."""
    return jwt.verify(token, HS256, policy("HS256"), now=NOW)


def header(**changes: Any) -> dict[str, Any]:
    """Give the header of an ES256 token with some changes."""
    return ES_HEADER | changes


def claims(**changes: Any) -> dict[str, Any]:
    """Give the usual claims with some changes."""
    return CLAIMS | changes


def without(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give the same members but one."""
    return {key: value for key, value in members.items() if key != name}


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack and its twin: the same without the attack, which must be accepted."""

    lesson: str  # which line of lessons.py it proves
    what: str  # the test's name: the source, then the attack
    refused: type[JoseError | ValueError | TypeError]
    attack: Callable[[], object]
    twin: Callable[[], object]

    def __str__(self) -> str:
        return self.what


def token(
    lesson: str,
    what: str,
    refused: type[JoseError],
    forged: Callable[[], str],
    good: Callable[[], str] | None = None,
) -> Attack:
    """Give an attack by a token on the Service that trusts the ES256 key."""
    return Attack(
        lesson,
        what,
        refused,
        lambda: verify(forged()),
        lambda: verify(good() if good is not None else forge()),
    )


def token_hs(lesson: str, what: str, refused: type[JoseError], forged: Callable[[], str]) -> Attack:
    """Give an attack by a token on the Service that shares the HS256 secret."""
    return Attack(lesson, what, refused, lambda: verify_hs(forged()), lambda: verify_hs(forge_hs()))


Test = Callable[[Attack], None]


def pair_of_tests(attacks: list[Attack]) -> tuple[Test, Test]:
    """Give the two tests of a table: every attack is refused, every twin is accepted."""

    @pytest.mark.parametrize("attack", attacks, ids=str)
    def test_the_attack_is_refused(attack: Attack) -> None:
        with pytest.raises(attack.refused):
            attack.attack()

    @pytest.mark.parametrize("attack", attacks, ids=str)
    def test_its_twin_is_accepted(attack: Attack) -> None:
        attack.twin()

    return test_the_attack_is_refused, test_its_twin_is_accepted
