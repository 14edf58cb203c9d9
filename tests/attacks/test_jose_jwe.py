"""Attacks on encrypted tokens: bombs, lengths, points, confusion, and what an oracle would tell."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from tests.attacks.forgery import (
    ATTACKER,
    CLAIMS,
    EC,
    ES256,
    NOW,
    Attack,
    b64,
    es256_of_the_attacker,
    forge,
    header,
    pair_of_tests,
    policy,
    text,
    without,
)

from gatepass.jose import (
    AlgorithmNotAllowed,
    CriticalHeader,
    DecryptionFailed,
    JoseError,
    Key,
    KeyInvalid,
    KeySet,
    Malformed,
    TooLong,
    WrongType,
    jwe,
    jwt,
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


# --- PBES2

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

# --- compression

BOMB = [
    by_secret("§3.6", f"RFC 8725 §3.6: zip {value!r}", CriticalHeader, partial(direct, zip=value))
    for value in ("DEF", "def", "", "GZ")
] + [
    by_secret(
        "bis-decompression",
        "CVE-2024-28102: zip DEF is refused before anything is decrypted",
        CriticalHeader,
        lambda: direct(zip="DEF"),
    ),
    by_secret(
        "crit", "RFC 7516 §4.1.13: crit in an encrypted token", CriticalHeader, lambda: direct(crit=["exp"])
    ),
    by_secret("crit", "RFC 7516 §4.1.13: crit that is empty", CriticalHeader, lambda: direct(crit=[])),
]

# --- points

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

# --- lengths


def changed(position: int, change: Callable[[str], str], good: Callable[[], str] = direct) -> str:
    segments = good().split(".")
    segments[position] = change(segments[position])
    return ".".join(segments)


def cut(size: int, segment: str) -> str:
    """Keep the first bytes of a segment."""
    return b64(urlsafe_b64decode(segment + "=" * (-len(segment) % 4))[:size])


def longer(segment: str) -> str:
    return b64(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)) + b"\0")


NAMES = ("header", "encrypted key", "IV", "ciphertext", "tag")
LENGTHS = (
    [
        by_secret(
            "jwe",
            f"RFC 7518 §5.3: a tag of {size} bytes",
            DecryptionFailed,
            partial(changed, 4, partial(cut, size)),
        )
        for size in (0, 1, 4, 8, 12, 15)
    ]
    + [
        by_secret(
            "jwe",
            f"RFC 7518 §5.3: an IV of {size} bytes",
            DecryptionFailed,
            partial(changed, 2, partial(cut, size)),
        )
        for size in (0, 1, 8, 11)
    ]
    + [
        by_secret(
            "jwe",
            f"RFC 7518 §5.3: a byte after the {NAMES[position]}",
            DecryptionFailed,
            partial(changed, position, longer),
        )
        for position in (2, 3, 4)
    ]
    + [
        by_secret(
            "jwe",
            "RFC 7518 §5.3: an IV of 16 bytes that GCM itself would take",
            DecryptionFailed,
            lambda: ".".join(seal({"alg": "dir", "enc": "A128GCM"}, iv=bytes(16))),
        ),
        by_secret(
            "jwe",
            "RFC 7516 §5.2: an encrypted key where dir has none",
            Malformed,
            lambda: changed(1, lambda _: b64(CEK)),
        ),
        by(
            "jwe",
            "RFC 7516 §5.2: no encrypted key where A128KW has one",
            Malformed,
            lambda: changed(1, lambda _: "", wrapped),
            wrapped,
            KW,
            SECRETS,
        ),
        by_secret("jwe", "RFC 7516 §5.2: no ciphertext", DecryptionFailed, lambda: changed(3, lambda _: "")),
        by_secret("jwe", "RFC 7516 §7.1: four segments", Malformed, lambda: direct().rpartition(".")[0]),
        by_secret("jwe", "RFC 7516 §7.1: six segments", Malformed, lambda: direct() + "."),
        by_secret(
            "jwe",
            "RFC 7516 §7.2: JSON serialization",
            Malformed,
            lambda: json.dumps(
                dict(
                    zip(
                        ("protected", "encrypted_key", "iv", "ciphertext", "tag"),
                        direct().split("."),
                        strict=True,
                    )
                )
            ),
        ),
        by_secret(
            "size", "CVE-2025-61920: an encrypted token of 4 MB", TooLong, lambda: direct(x="x" * 4_000_000)
        ),
        by_secret(
            "jwe",
            "a header that is another token's",
            DecryptionFailed,
            lambda: changed(0, lambda _: direct(x=1).split(".")[0]),
        ),
    ]
    + [
        by_secret(
            "base64",
            f"RFC 7515 §2: {name} in the {NAMES[position]} of an encrypted token",
            JoseError,
            partial(changed, position, change),
        )
        for position in (0, 2, 3, 4)
        for name, change in (
            ("padding", lambda segment: segment + "="),
            ("two signs of padding", lambda segment: segment + "=="),
            ("a line feed", lambda segment: segment + "\n"),
            ("a space", lambda segment: " " + segment),
            ("a plus sign", lambda segment: "+" + segment[1:]),
            ("a look-alike", lambda segment: "\u0410" + segment[1:]),
        )
    ]
)

# --- which key, which algorithm

CONFUSIONS = [
    Attack(
        "§3.1",
        f"RFC 8725 §3.1: {what}",
        refused,
        partial(open_, *bad),
        partial(open_, *good),
    )
    for what, refused, bad, good in (
        (
            "dir where the key is for A128KW",
            AlgorithmNotAllowed,
            (".".join(seal({"alg": "dir", "enc": "A128GCM"}, KEK)), KW, SECRETS),
            (wrapped(), KW, SECRETS),
        ),
        (
            "A128KW where the key is for dir",
            AlgorithmNotAllowed,
            (
                ".".join(seal({"alg": "A128KW", "enc": "A128GCM"}, carried=aes_key_wrap(CEK, CEK))),
                DIRECT,
                SECRETS,
            ),
            (direct(), DIRECT, SECRETS),
        ),
        (
            "the alg is not in the list",
            AlgorithmNotAllowed,
            (wrapped(), KW, SECRETS - {"A128KW"}),
            (wrapped(), KW, frozenset({"A128KW"})),
        ),
        (
            "the enc is not in the list",
            AlgorithmNotAllowed,
            (wrapped(), KW, SECRETS, ENCS - {"A128GCM"}),
            (wrapped(), KW, SECRETS, frozenset({"A128GCM"})),
        ),
        (
            "alg in lower case",
            AlgorithmNotAllowed,
            (wrapped(alg="a128kw"), KW, SECRETS),
            (wrapped(), KW, SECRETS),
        ),
        (
            "enc in lower case",
            AlgorithmNotAllowed,
            (wrapped(enc="a128gcm"), KW, SECRETS),
            (wrapped(), KW, SECRETS),
        ),
        (
            "no enc",
            AlgorithmNotAllowed,
            (".".join(seal({"alg": "dir"})), DIRECT, SECRETS),
            (direct(), DIRECT, SECRETS),
        ),
        ("enc is a list", JoseError, (wrapped(enc=["A128GCM"]), KW, SECRETS), (wrapped(), KW, SECRETS)),
        ("alg none", AlgorithmNotAllowed, (direct(alg="none"), DIRECT, SECRETS), (direct(), DIRECT, SECRETS)),
        ("alg RSA1_5", AlgorithmNotAllowed, (wrapped(alg="RSA1_5"), OAEP, PUBLIC), (wrapped(), KW, SECRETS)),
        ("enc none", AlgorithmNotAllowed, (direct(enc="none"), DIRECT, SECRETS), (direct(), DIRECT, SECRETS)),
        (
            "a dir key of 16 bytes for A256GCM",
            JoseError,
            (direct(enc="A256GCM"), DIRECT, SECRETS),
            (direct(), DIRECT, SECRETS),
        ),
        (
            "a kid that is not the key's",
            JoseError,
            (wrapped(kid="other"), KW, SECRETS),
            (wrapped(kid="kw"), KW, SECRETS),
        ),
    )
] + [
    Attack(
        "§3.1",
        "RFC 8725 §3.1: a list of secrets and public keys",
        ValueError,
        lambda: open_(wrapped(), KW, SECRETS | PUBLIC),
        lambda: open_(wrapped(), KW, SECRETS),
    ),
    Attack(
        "§3.2",
        "RFC 8725 §3.2: a list that names RSA1_5",
        ValueError,
        lambda: open_(wrapped(), KW, frozenset({"RSA1_5"})),
        lambda: open_(wrapped(), KW, frozenset({"A128KW"})),
    ),
    Attack(
        "§3.1",
        "RFC 8725 §3.1: an empty list of encryptions",
        ValueError,
        lambda: open_(wrapped(), KW, SECRETS, frozenset()),
        lambda: open_(wrapped(), KW, SECRETS, ENCS),
    ),
    Attack(
        "§3.1",
        "a public key decrypts nothing",
        KeyInvalid,
        lambda: open_(jwe.encrypt(PLAIN, OAEP.public(), enc="A128GCM", typ=None), OAEP.public(), PUBLIC),
        lambda: open_(jwe.encrypt(PLAIN, OAEP.public(), enc="A128GCM", typ=None), OAEP, PUBLIC),
    ),
    Attack(
        "§3.1",
        "an encrypted token where a signed one is expected",
        Malformed,
        lambda: jwt.verify(direct(), ES256, policy(), now=NOW),
        lambda: jwt.verify(forge(), ES256, policy(), now=NOW),
    ),
    Attack(
        "§3.1",
        "a signed token where an encrypted one is expected",
        Malformed,
        lambda: open_(forge(), KW, SECRETS),
        lambda: open_(wrapped(), KW, SECRETS),
    ),
]

# --- nested

SIGNED = forge()
NESTED_RULES = policy()


def nest(inner: str, **changes: Any) -> str:
    members = {"alg": "A128KW", "enc": "A128GCM", "cty": "JWT"} | changes
    return ".".join(
        seal(
            {name: value for name, value in members.items() if value != "gone"},
            carried=aes_key_wrap(KEK, CEK),
            plain=inner.encode(),
        )
    )


def open_nested(token: str) -> object:
    return jwt.verify_nested(
        token, KW, ES256, NESTED_RULES, algorithms=SECRETS, encryptions=ENCS, now=NOW
    ).claims


def nested(section: str, what: str, refused: type[JoseError], forged: Callable[[], str]) -> Attack:
    return Attack(section, what, refused, lambda: open_nested(forged()), lambda: open_nested(nest(SIGNED)))


NESTED = [
    nested(
        "§3.3",
        "RFC 8725 §3.3: the inner signature is another key's",
        JoseError,
        lambda: nest(forge(sign=es256_of_the_attacker)),
    ),
    nested(
        "§3.3",
        "RFC 8725 §3.3: the inner token has alg none",
        JoseError,
        lambda: nest(forge(header(alg="none"), sign=lambda message: b"")),
    ),
    nested(
        "§3.3",
        "RFC 8725 §3.3: the inner token has no signature",
        JoseError,
        lambda: nest(forge(sign=lambda message: b"")),
    ),
    nested("§3.3", "RFC 8725 §3.3: bare claims inside", Malformed, lambda: nest(json.dumps(CLAIMS))),
    nested("§3.3", "RFC 8725 §3.3: an encrypted token inside", Malformed, lambda: nest(wrapped())),
    nested(
        "§3.3",
        "RFC 8725 §3.3: the outer tag is wrong",
        DecryptionFailed,
        lambda: changed(4, lambda tag: b64(bytes(16)), lambda: nest(SIGNED)),
    ),
    nested("§3.3", "RFC 8725 §3.3: the signed token alone", Malformed, lambda: SIGNED),
    nested("§3.11", "RFC 7519 §5.2: no cty", WrongType, lambda: nest(SIGNED, cty="gone")),
    nested("§3.11", "RFC 7519 §5.2: another cty", WrongType, lambda: nest(SIGNED, cty="text/plain")),
    nested("§3.11", "RFC 7519 §5.2: cty is a list", Malformed, lambda: nest(SIGNED, cty=["JWT"])),
    nested(
        "§3.11", "RFC 8725 §3.11: the inner typ is another", WrongType, lambda: nest(forge(header(typ="JWT")))
    ),
    nested(
        "§3.11",
        "RFC 8725 §3.11: the typ only outside",
        WrongType,
        lambda: nest(forge(without(header(), "typ")), typ="at+jwt"),
    ),
    nested(
        "claims",
        "RFC 7519 §5.3: iss outside is not the one inside",
        JoseError,
        lambda: nest(SIGNED, iss="https://evil.example"),
    ),
    nested(
        "claims",
        "RFC 7519 §5.3: sub outside is not the one inside",
        JoseError,
        lambda: nest(SIGNED, sub="admin"),
    ),
]

ATTACKS = [*BOMBS, *BOMB, *POINTS, *LENGTHS, *CONFUSIONS, *NESTED]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


# --- what an oracle would tell


def oaep(cek: bytes, digest: hashes.HashAlgorithm) -> bytes:
    public = OAEP._material.public
    sealed: bytes = public.encrypt(cek, padding.OAEP(padding.MGF1(digest), digest, None))
    return sealed


ORACLES: dict[str, tuple[Key, frozenset[str], str, list[bytes]]] = {
    "A128KW": (
        KW,
        SECRETS,
        "A128KW",
        [
            aes_key_wrap(KEK, b"another sixteen."),
            b"\0" * 24,
            b"x" * 23,
            b"x" * 8,
            aes_key_wrap(KEK, bytes(32)),
            b"x" * 4_000,
        ],
    ),
    "RSA-OAEP-256": (
        OAEP,
        PUBLIC,
        "RSA-OAEP-256",
        [
            oaep(
                b"another sixteen.", hashes.SHA256()
            ),  # opens, to a key of the right size that is not the right one
            oaep(b"short", hashes.SHA256()),  # opens, to a key of the wrong size
            oaep(CEK, hashes.SHA1()),  # noqa: S303 - padded for RSA-OAEP, which is another algorithm
            bytes(256),
            b"\xff" * 256,
            b"x" * 255,
            b"x",
        ],
    ),
}


@pytest.mark.parametrize("name", ORACLES)
def test_every_failure_to_unwrap_looks_like_a_wrong_tag(name: str) -> None:
    """RFC 7516 §11.5: type, code and message of the error are the same, whatever went wrong."""
    key, algorithms, alg, carried = ORACLES[name]
    told = set()
    for encrypted in carried:
        token = ".".join(seal({"alg": alg, "enc": "A128GCM"}, carried=encrypted))
        with pytest.raises(DecryptionFailed) as caught:
            open_(token, key, algorithms)
        assert caught.value.__cause__ is None
        told.add((type(caught.value), caught.value.code, str(caught.value)))
    assert len(told) == 1


def test_a_padding_error_of_cbc_looks_like_a_wrong_tag() -> None:
    """Vaudenay's oracle: the padding is not looked at before the tag is right."""
    key = Key.generate("A256KW")
    good = jwe.encrypt(PLAIN, key, enc="A128CBC-HS256", typ=None).split(".")
    told = set()
    for position in (2, 3, 4):
        for first in "A_":
            bad = [*good]
            bad[position] = first + bad[position][1:]
            if bad == good:
                continue
            with pytest.raises(DecryptionFailed) as caught:
                open_(".".join(bad), key, SECRETS)
            told.add(str(caught.value))
    assert len(told) == 1


def test_a_bomb_is_refused_before_the_first_round(monkeypatch: pytest.MonkeyPatch) -> None:
    def derived(*args: object) -> None:
        raise AssertionError("a round was turned")

    monkeypatch.setattr("gatepass.jose.jwe_algorithms.PBKDF2HMAC", derived)
    with pytest.raises(Malformed):
        open_(password(2**31 - 1), PASSWORD, PASSWORDS)
    with pytest.raises(AssertionError, match="a round was turned"):
        open_(password(), PASSWORD, PASSWORDS)
