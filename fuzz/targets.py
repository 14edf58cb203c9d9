"""What is fuzzed: a target for each parser of `gatepass.jose`, with seeds, and an oracle where there is one.

Whatever the bytes, a target may only return or see a `JoseError`; anything else is a finding.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from gatepass.jose import JoseError, Key, KeySet, Malformed, Policy, b64, jwe, jws, jwt
from gatepass.jose.header import parse_header
from gatepass.jose.strict_json import decode_object, encode_object

NOW = 1_800_000_000.0
SECRET = b"thirty-two bytes of pure secret!"
HS256 = Key.from_secret("HS256", SECRET)
ES256 = Key.generate("ES256", kid="k")
ED25519 = Key.generate("Ed25519", kid="k")
RS256 = Key.generate("RS256", kid="k")
KEYS = KeySet([ES256, ED25519, RS256])
SIGNATURES = frozenset({"RS256", "ES256", "Ed25519"})
MACS = frozenset({"HS256"})
CLAIMS: dict[str, object] = {"iss": "i", "aud": "a", "exp": 2_000_000_000, "iat": 1, "sub": "s"}

KW = Key.generate("A128KW")
ENCS = frozenset({"A128GCM", "A128CBC-HS256"})
DECRYPTERS = [
    (Key.generate("dir"), frozenset({"dir"})),
    (KW, frozenset({"A128KW"})),
    (Key.generate("A128GCMKW"), frozenset({"A128GCMKW"})),
    (Key.generate("ECDH-ES", curve="P-256"), frozenset({"ECDH-ES"})),
    (Key.generate("ECDH-ES+A128KW", curve="X25519"), frozenset({"ECDH-ES+A128KW"})),
]


def policy(names: frozenset[str]) -> Policy:
    return Policy(issuer="i", audience="a", typ="t", algorithms=names)


POLICIES = (policy(SIGNATURES), policy(MACS))


class Finding(Exception):
    """What was read is not what stands there."""


def expect(right: bool) -> None:
    if not right:
        raise Finding


@dataclass(frozen=True, slots=True)
class Target:
    """One parser, and texts that reach deep into it."""

    parse: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def base64url(data: bytes) -> None:
    """What decodes must encode back to the same text."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        found = b64.decode(text)
    except Malformed:
        return
    expect(b64.encode(found) == text)


def strict_json(data: bytes) -> None:
    """What is read must be read so by the standard library too, without a name that comes twice."""
    try:
        found = decode_object(data)
    except Malformed:
        return
    expect(json.loads(data, object_pairs_hook=once) == found)
    with suppress(Malformed):  # a depth or an integer past our bounds
        expect(decode_object(encode_object(found)) == found)


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    expect(len(dict(pairs)) == len(pairs))
    return dict(pairs)


def header(data: bytes) -> None:
    """The header itself, not its base64url: that has a target of its own."""
    with suppress(JoseError):
        parse_header(b64.encode(data))


def compact_jws(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for call in (lambda: jwt.peek(text), lambda: jwt.peek_header(text)):
        with suppress(JoseError):
            call()
    for keys, rules in ((KEYS, POLICIES[0]), (HS256, POLICIES[1])):
        with suppress(JoseError):
            jwt.verify(text, keys, rules, now=NOW)
        with suppress(JoseError):
            jws.verify(text, keys, typ=None, algorithms=rules.algorithms)


def claims(data: bytes) -> None:
    """Claims that are rightly signed: what a dishonest issuer could write."""
    message = b64.encode(b'{"alg":"HS256","typ":"t"}') + "." + b64.encode(data)
    mac = hmac.digest(SECRET, message.encode(), hashlib.sha256)
    with suppress(JoseError):
        jwt.verify(f"{message}.{b64.encode(mac)}", HS256, POLICIES[1], now=NOW)


def compact_jwe(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    for key, names in DECRYPTERS:
        with suppress(JoseError):
            jwe.decrypt(text, key, typ=None, algorithms=names, encryptions=ENCS)


def jwe_header(data: bytes) -> None:
    """A header before segments that are in order, so that the unwrapping is reached."""
    rest = ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA")
    for carried in ("", rest[0]):
        compact_jwe(".".join((b64.encode(data), carried, *rest[1:])).encode())


def jwk(data: bytes) -> None:
    try:
        members = json.loads(data)
    except (ValueError, RecursionError):
        return
    for alg in (None, "ES256", "RS256", "HS256", "Ed25519", "ECDH-ES", "ML-DSA-44"):
        with suppress(JoseError):
            key = Key.from_jwk(members, alg)
            exported = key.to_private_jwk() if key.is_private else key.to_jwk()
            expect(Key.from_jwk(exported).thumbprint() == key.thumbprint())


def jwks(data: bytes) -> None:
    with suppress(JoseError):
        keys = KeySet.from_jwks(data)
        expect(len(keys) + len(keys.passed_over) <= len(data))
        if all(key.to_private_jwk()["kty"] != "oct" for key in keys if key.is_private):
            keys.to_jwks()


def pem(data: bytes) -> None:
    for alg in ("ES256", "RS256", "Ed25519", "ECDH-ES"):
        with suppress(JoseError):
            Key.from_pem(data, alg)
        with suppress(JoseError):
            Key.from_der(data, alg)


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


TOKENS = tuple(jwt.sign(CLAIMS, key, typ="t").encode() for key in (HS256, ES256, ED25519, RS256))
SEALED = tuple(
    jwe.encrypt(b"plain", key, enc=enc, typ=None).encode()
    for key, names in DECRYPTERS
    for enc in (("A128CBC-HS256",) if "dir" in names else ("A128GCM", "A128CBC-HS256"))
)
PAIRS = [Key.generate(alg) for alg in ("ES256", "ES512", "Ed25519", "ML-DSA-44", "HS256")]
JWKS = (
    *(compact(key.to_private_jwk()) for key in (*PAIRS, RS256)),
    *(compact(key.to_jwk()) for key in (*PAIRS[:4], RS256)),
)
PEMS = (*(key.to_private_pem() for key in PAIRS[:4]), *(key.to_pem() for key in (*PAIRS[:4], RS256)))


def first(token: bytes) -> bytes:
    segment = token.partition(b".")[0].decode()
    return b64.decode(segment)


TARGETS: dict[str, Target] = {
    "base64url": Target(base64url, (b"AA", b"AAA", b"_-8", b"AA==", urlsafe_b64encode(SECRET).rstrip(b"="))),
    "strict_json": Target(
        strict_json, (b'{"a":1,"a":2}', b'{"\\u0061":[{"a":":"}]}', compact(CLAIMS), b'{"a":1e5}')
    ),
    "header": Target(header, (*map(first, TOKENS), *map(first, SEALED), b'{"alg":"HS256","crit":["exp"]}')),
    "compact_jws": Target(compact_jws, TOKENS),
    "claims": Target(claims, (compact(CLAIMS), b'{"iss":"i","aud":["a"],"exp":2e9,"nbf":1.5}')),
    "compact_jwe": Target(compact_jwe, SEALED),
    "jwe_header": Target(jwe_header, tuple(map(first, SEALED))),
    "jwk": Target(jwk, JWKS),
    "jwks": Target(
        jwks,
        (
            b'{"keys":[' + b",".join(JWKS) + b"]}",
            b'{"keys":[]}',
            *(b'{"keys":[' + one + b"]}" for one in JWKS),
        ),
    ),
    "pem": Target(pem, PEMS),
}
