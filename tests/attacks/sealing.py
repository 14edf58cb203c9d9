"""The forger's tools for encrypted tokens: sealed by hand, so that anything at all can be put into them."""

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from tests.attacks.forgery import (
    ATTACKER,
    EC,
    Attack,
    b64,
    text,
)

from gatepass.jose import (
    JoseError,
    Key,
    KeySet,
    jwe,
)

SECRETS = frozenset({"dir", "A128KW", "A192KW", "A256KW", "A128GCMKW", "A192GCMKW", "A256GCMKW"})
PUBLIC = frozenset(
    {"RSA-OAEP", "RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A128KW", "ECDH-ES+A192KW", "ECDH-ES+A256KW"}
)
PASSWORDS = frozenset({"PBES2-HS256+A128KW"})
ENCS = frozenset({"A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"})
PLAIN = b"the plain text"
CEK = b"sixteen bytes k."
KEK = b"sixteen bytes K."
IV = b"twelve bytes"

DIRECT = Key.from_secret("dir", CEK, kid="direct")
KW = Key.from_secret("A128KW", KEK, kid="kw")
PASSWORD = Key.from_secret("PBES2-HS256+A128KW", b"correct horse battery staple", kid="pw")
OAEP = Key.from_jwk(Key.generate("RS256").to_private_jwk() | {"alg": "RSA-OAEP-256", "use": "enc"})
AGREEMENT = Key.from_jwk(
    {
        "kty": "EC",
        "crv": "P-256",
        "alg": "ECDH-ES",
        "x": b64(EC.public_key().public_numbers().x.to_bytes(32, "big")),
        "y": b64(EC.public_key().public_numbers().y.to_bytes(32, "big")),
        "d": b64((0xC0FFEE).to_bytes(32, "big")),
    }
)
X25519 = x25519.X25519PrivateKey.generate()
AGREEMENT_X = Key.from_jwk(
    {
        "kty": "OKP",
        "crv": "X25519",
        "alg": "ECDH-ES",
        "x": b64(X25519.public_key().public_bytes_raw()),
        "d": b64(X25519.private_bytes_raw()),
    }
)


def seal(
    members: object, cek: bytes = CEK, carried: bytes = b"", iv: bytes = IV, plain: bytes = PLAIN
) -> list[str]:
    """Write the five segments by hand, sealed with A128GCM."""
    head = b64(text(members))
    sealed = AESGCM(cek).encrypt(iv, plain, head.encode())
    return [head, b64(carried), b64(iv), b64(sealed[:-16]), b64(sealed[-16:])]


def direct(**changes: Any) -> str:
    return ".".join(seal({"alg": "dir", "enc": "A128GCM"} | changes))


def wrapped(**changes: Any) -> str:
    return ".".join(seal({"alg": "A128KW", "enc": "A128GCM"} | changes, carried=aes_key_wrap(KEK, CEK)))


def agreed(private: Any = ATTACKER, **changes: Any) -> str:
    """Write an ECDH-ES token; by default rightly, for the P-256 key, from an ephemeral key."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        shared = private.exchange(ec.ECDH(), EC.public_key())
        numbers = private.public_key().public_numbers()
        mine = {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(numbers.x.to_bytes(32, "big")),
            "y": b64(numbers.y.to_bytes(32, "big")),
        }
    else:
        shared = private.exchange(X25519.public_key())
        mine = {"kty": "OKP", "crv": "X25519", "x": b64(private.public_key().public_bytes_raw())}
    info = b"".join(len(part).to_bytes(4, "big") + part for part in (b"A128GCM", b"", b"")) + (128).to_bytes(
        4, "big"
    )
    cek = ConcatKDFHash(hashes.SHA256(), 16, info).derive(shared)
    members = {"alg": "ECDH-ES", "enc": "A128GCM", "epk": mine} | changes
    return ".".join(seal({name: value for name, value in members.items() if value != "gone"}, cek))


def password(count: object = 1_000, salt: bytes = b"a salt of 8 at least", **changes: Any) -> str:
    rounds = (
        count if isinstance(count, int) and not isinstance(count, bool) and 0 < count <= 1_000_000 else 1_000
    )
    kdf = PBKDF2HMAC(hashes.SHA256(), 16, b"PBES2-HS256+A128KW\0" + salt, rounds)
    kek = kdf.derive(b"correct horse battery staple")
    members = {"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2s": b64(salt), "p2c": count} | changes
    return ".".join(
        seal(
            {name: value for name, value in members.items() if value != "gone"},
            carried=aes_key_wrap(kek, CEK),
        )
    )


def open_(
    token: str, key: Key | KeySet, algorithms: frozenset[str], encryptions: frozenset[str] = ENCS
) -> bytes:
    plain, _ = jwe.decrypt(token, key, typ=None, algorithms=algorithms, encryptions=encryptions)
    assert plain == PLAIN
    return plain


def by(
    lesson: str,
    what: str,
    refused: type[JoseError],
    forged: Callable[[], str],
    good: Callable[[], str],
    key: Key,
    algorithms: frozenset[str],
) -> Attack:
    return Attack(
        lesson,
        what,
        refused,
        lambda: open_(forged(), key, algorithms),
        lambda: open_(good(), key, algorithms),
    )


def by_secret(lesson: str, what: str, refused: type[JoseError], forged: Callable[[], str]) -> Attack:
    return by(lesson, what, refused, forged, direct, DIRECT, SECRETS)


def by_agreement(what: str, refused: type[JoseError], forged: Callable[[], str]) -> Attack:
    return by("points", what, refused, forged, agreed, AGREEMENT, PUBLIC)


def changed(position: int, change: Callable[[str], str], good: Callable[[], str] = direct) -> str:
    segments = good().split(".")
    segments[position] = change(segments[position])
    return ".".join(segments)
