"""The attacks that worked elsewhere, as tokens that a Service must refuse: a table, one line each.

Each line names what is wrong, where to read about it, and what a forger needs for it.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from gatepass.jose import Key, jwt
from gatepass.jose.b64 import encode
from gatepass.testing.forger import Forger, raw, sign_with, without

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.testing.issuer import FakeIssuer


class Needs(StrEnum):
    """What an attack can't be made without; the value says it to a person."""

    NOTHING = "nothing"
    GOOD_TOKEN = "a token that the Service accepts"  # noqa: S105 (words)
    PUBLIC_KEY = "the public key of the issuer"
    ISSUER_KEY = "the issuer's own key"
    """Without it, a stranger signs in its place: whoever checks signatures refuses that anyway."""


@dataclass(frozen=True, slots=True, repr=False)
class Attack:
    """One token that must be refused."""

    name: str
    token: str
    read: str
    """Where to read about it."""
    needs: Needs

    def __repr__(self) -> str:
        return f"<Attack {self.name}>"


class _Row(NamedTuple):
    read: str
    needs: Needs
    forge: Callable[[Forger], str]
    carried: bool = True
    """Whether an HTTP header can carry it."""


LONG: Final = 20_000
"""Characters of a header that is too long: more than a token may have, less than what a server reads."""

DEEP: Final = 2_000
"""Brackets in brackets: more than Python's parsers stand, and still a short token."""

_ALG: Final = "RFC 8725 §3.1 and §3.2"
_NEVER_FOLLOWED: Final = "RFC 7515 §4.1.2 to §4.1.6; CVE-2018-0114"
_CRIT: Final = "RFC 7515 §4.1.11; CVE-2025-59420"
_BASE64: Final = "RFC 7515 §2, RFC 4648 §3.5"
_MEMBERS: Final = "RFC 7515 §4, RFC 7519 §4: member names must be unique"
_DATE: Final = "RFC 7519 §2, NumericDate"
_CONFUSED: Final = "RFC 8725 §2.1; CVE-2022-29217"
_COMPACT: Final = "RFC 7519 §3: a JWT is compact"


def _nothing(_: bytes) -> bytes:
    return b""


def _unsigned(alg: object) -> Callable[[Forger], str]:
    return lambda f: f.write({"alg": alg}, None, _nothing)


def _strange(**header: object) -> Callable[[Forger], str]:
    """Let the attacker's own key sign."""
    return lambda f: f.write(header, None, sign_with(f.stranger))


def _headed(**header: object) -> Callable[[Forger], str]:
    return lambda f: f.issue(header)


def _claiming(**claims: object) -> Callable[[Forger], str]:
    return lambda f: f.issue(None, claims)


def _numbered(name: str, text: str) -> Callable[[Forger], str]:
    """Write a number as no encoder would."""
    return lambda f: f.issue(None, raw(without(f.claims, name), **{name: text}))


def _timed(name: str, seconds: int) -> Callable[[Forger], str]:
    return lambda f: f.issue(None, {name: f.now + seconds})


def _mac(secret: Callable[[Forger], bytes], **header: object) -> Callable[[Forger], str]:
    """Sign with HS256, by whatever a confused Service could take for the secret."""
    from hashlib import sha256
    from hmac import digest

    return lambda f: f.write({"alg": "HS256", **header}, None, lambda m: digest(secret(f), m, sha256))


def _published(f: Forger) -> Key:
    if f.published is None:
        raise LookupError("the issuer's public key is not known")
    return f.published


def _embedded(f: Forger) -> str:
    own = f.stranger
    return f.write({"jwk": own.to_jwk()}, None, sign_with(own))


def _with_certificate(f: Forger) -> str:
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


def _unencoded(f: Forger) -> str:
    """Sign the payload as it is, not its base64url (RFC 7797)."""
    header = encode(json.dumps({**f.header, "b64": False, "crit": ["b64"]}).encode())
    payload = json.dumps(dict(f.claims)).encode()
    signature = f.sign(header.encode() + b"." + payload)
    return f"{header}.{encode(payload)}.{encode(signature)}"


def _compressed(f: Forger) -> str:
    return f.issue({"zip": "DEF"}, zlib.compress(json.dumps(dict(f.claims)).encode(), wbits=-15))


def _spare_bits(f: Forger) -> str:
    """Set the bits that the last character of the claims holds too many."""
    text = json.dumps(dict(f.claims))
    claims = encode((text + " " * (-len(text) % 3 + 1)).encode())  # one byte more: 4 spare bits
    message = f"{encode(json.dumps(dict(f.header)).encode())}.{claims[:-1]}{chr(ord(claims[-1]) + 1)}"
    return f"{message}.{encode(f.sign(message.encode()))}"


def _other_alphabet(f: Forger) -> str:
    head, _, signature = f.bend().rpartition(".")
    return f"{head}.{signature.replace('-', '+').replace('_', '/')}"


def _as_json(**more: Any) -> Callable[[Forger], str]:
    def forge(f: Forger) -> str:
        header, payload, signature = f.bend().split(".")
        one = {"protected": header, "signature": signature}
        return json.dumps({"payload": payload, **{n: v(one) for n, v in more.items()}}, separators=(",", ":"))

    return forge


def _altered(f: Forger) -> str:
    """Change the claims of a good token, and leave its signature on."""
    header, _, signature = f.bend().split(".")
    return (
        f"{header}.{encode(json.dumps({**f.claims, 'sub': 'root', 'roles': ['admin']}).encode())}.{signature}"
    )


def _der(f: Forger) -> str:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    def sign(message: bytes) -> bytes:
        signature = f.sign(message)
        half = len(signature) // 2
        r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
        return encode_dss_signature(r, s)

    return f.write(None, None, sign)


def _resized(change: Callable[[bytes], bytes]) -> Callable[[Forger], str]:
    return lambda f: f.write(None, None, lambda message: change(f.sign(message)))


def _encrypted(f: Forger) -> str:
    """Encrypt a token that nobody signed, with a key that anybody can make."""
    secret = Key.generate("A256GCM", kid=f.header.get("kid"))
    return jwt.encrypt(dict(f.claims), secret, enc="A256GCM", typ=str(f.header.get("typ", "JWT")))


def _deep(f: Forger) -> str:
    return f.write(raw(f.header, x="[" * DEEP + "]" * DEEP), None, _nothing)


ATTACKS: Final[dict[str, _Row]] = {
    # not signed at all
    **{
        f"alg is {alg or 'empty'}, nothing is signed": _Row(_ALG, Needs.NOTHING, _unsigned(alg))
        for alg in ("none", "None", "NONE", "nOnE", "")
    },
    "alg is none, and a signature is there": _Row(
        _ALG, Needs.NOTHING, lambda f: f.write({"alg": "none"}, None, sign_with(f.stranger))
    ),
    "alg is missing": _Row("RFC 7515 §4.1.1", Needs.NOTHING, _unsigned(None)),
    "alg is a list": _Row("RFC 7515 §4.1.1", Needs.NOTHING, _strange(alg=["ES256", "none"])),
    "alg is a number": _Row("RFC 7515 §4.1.1", Needs.NOTHING, _strange(alg=5)),
    "alg is unknown": _Row(_ALG, Needs.NOTHING, _strange(alg="XX999")),
    "the signature is blank": _Row(_ALG, Needs.NOTHING, lambda f: f.write(None, None, _nothing)),
    "the signature is left off": _Row(
        _COMPACT, Needs.NOTHING, lambda f: f.write(None, None, _nothing).rstrip(".")
    ),
    # the public key as a shared secret
    "HS256 with the public key as PEM": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, _mac(lambda f: _published(f).to_pem())
    ),
    "HS256 with the public key as PEM without its last line end": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, _mac(lambda f: _published(f).to_pem().strip())
    ),
    "HS256 with the public key as DER": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, _mac(lambda f: _published(f).to_der())
    ),
    "HS256 with the public key as JWK": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, _mac(lambda f: json.dumps(_published(f).to_jwk()).encode())
    ),
    "HS256 with the public key as JWK without spaces": _Row(
        _CONFUSED,
        Needs.PUBLIC_KEY,
        _mac(lambda f: json.dumps(_published(f).to_jwk(), separators=(",", ":")).encode()),
    ),
    "HS256 with an empty secret": _Row("RFC 8725 §3.5", Needs.NOTHING, _mac(lambda _: b"")),
    "HS256 with a secret that anybody guesses": _Row(
        "RFC 8725 §3.5", Needs.NOTHING, _mac(lambda _: b"secret")
    ),
    # a key that the token brings along
    "another key under the same kid": _Row("RFC 7515 §4.1.4", Needs.NOTHING, _strange()),
    "an unknown kid": _Row("RFC 7515 §4.1.4", Needs.NOTHING, _strange(kid="of-nobody")),
    "its own key in jwk": _Row(_NEVER_FOLLOWED, Needs.NOTHING, _embedded),
    "its own key behind jku": _Row(
        _NEVER_FOLLOWED, Needs.NOTHING, _strange(jku="https://attacker.invalid/jwks.json")
    ),
    "its own key behind x5u": _Row(
        _NEVER_FOLLOWED, Needs.NOTHING, _strange(x5u="https://attacker.invalid/key.pem")
    ),
    "its own certificate in x5c": _Row(_NEVER_FOLLOWED, Needs.NOTHING, _with_certificate),
    "kid is a path, HS256 with what is there": _Row(
        "RFC 8725 §3.10", Needs.NOTHING, _mac(lambda _: b"", kid="../../../../../../dev/null")
    ),
    "kid is SQL, HS256 with what it selects": _Row(
        "RFC 8725 §3.10", Needs.NOTHING, _mac(lambda _: b"key", kid="x' UNION SELECT 'key' -- ")
    ),
    "kid is a number": _Row("RFC 7515 §4.1.4", Needs.NOTHING, _strange(kid=5)),
    "kid is an object": _Row("RFC 7515 §4.1.4", Needs.NOTHING, _strange(kid={"a": 1})),
    # what changes the meaning of the rest
    "crit names what nobody knows": _Row(
        _CRIT,
        Needs.ISSUER_KEY,
        _headed(crit=["http://attacker.invalid/x"], **{"http://attacker.invalid/x": 1}),
    ),
    "crit names exp": _Row(_CRIT, Needs.ISSUER_KEY, _headed(crit=["exp"])),
    "crit is empty": _Row(_CRIT, Needs.ISSUER_KEY, _headed(crit=[])),
    "crit is a text": _Row(_CRIT, Needs.ISSUER_KEY, _headed(crit="exp")),
    "crit is a number": _Row(_CRIT, Needs.ISSUER_KEY, _headed(crit=5)),
    "crit holds a list": _Row(_CRIT, Needs.ISSUER_KEY, _headed(crit=[["exp"]])),
    "b64 is false": _Row("RFC 7797 §6", Needs.ISSUER_KEY, _unencoded),
    "zip": _Row("RFC 7516 §4.1.3; CVE-2024-28102", Needs.ISSUER_KEY, _compressed),
    # twice, deep, long, odd
    "alg twice": _Row(
        _MEMBERS, Needs.ISSUER_KEY, lambda f: f.issue(raw(f.header, alg=json.dumps(f.header["alg"])))
    ),
    "sub twice": _Row(_MEMBERS, Needs.ISSUER_KEY, lambda f: f.issue(None, raw(f.claims, sub='"root"'))),
    "exp twice": _Row(
        _MEMBERS, Needs.ISSUER_KEY, lambda f: f.issue(None, raw(f.claims, exp=str(f.now + 9_000)))
    ),
    "a header too long": _Row("CVE-2025-61920", Needs.ISSUER_KEY, lambda f: f.issue({"x": "x" * LONG})),
    "a header too deep": _Row("RFC 8259 §9", Needs.NOTHING, _deep),
    "a header that is a list": _Row("RFC 7515 §4", Needs.NOTHING, lambda f: f.write(b"[]", None, _nothing)),
    "a header that is no UTF-8": _Row(
        "RFC 7515 §4", Needs.NOTHING, lambda f: f.write(b'{"alg":"\xff"}', None, _nothing)
    ),
    "claims that are a list": _Row("RFC 7519 §7.2", Needs.ISSUER_KEY, lambda f: f.issue(None, b'["sub"]')),
    "claims that are null": _Row("RFC 7519 §7.2", Needs.ISSUER_KEY, lambda f: f.issue(None, b"null")),
    # times
    **{
        f"exp is {text if len(text) < 9 else 'a number of 401 digits'}": _Row(
            _DATE, Needs.ISSUER_KEY, _numbered("exp", text)
        )
        for text in ("NaN", "Infinity", "true", '"1"', "null", "1e400", "-1", "[]", "1" + "0" * 400)
    },
    "exp is missing": _Row("RFC 9068 §2.2", Needs.ISSUER_KEY, _claiming(exp=None)),
    "exp was two minutes ago": _Row("RFC 7519 §4.1.4", Needs.ISSUER_KEY, _timed("exp", -120)),
    "nbf is in an hour": _Row("RFC 7519 §4.1.5", Needs.ISSUER_KEY, _timed("nbf", 3_600)),
    "iat is in an hour": _Row("RFC 7519 §4.1.6", Needs.ISSUER_KEY, _timed("iat", 3_600)),
    # for whom, by whom, what
    "iss is another": _Row("RFC 8725 §3.8", Needs.ISSUER_KEY, _claiming(iss="https://attacker.invalid")),
    "iss with something behind it": _Row(
        "RFC 8725 §3.8",
        Needs.ISSUER_KEY,
        lambda f: f.issue(None, {"iss": f"{f.claims['iss']}.attacker.invalid"}),
    ),
    "iss without its last letter": _Row(
        "RFC 8725 §3.8; GHSA-75c5-xw7c-p5pm",
        Needs.ISSUER_KEY,
        lambda f: f.issue(None, {"iss": f.claims["iss"][:-1]}),
    ),
    "iss with another slash": _Row(
        "RFC 8725 §3.8", Needs.ISSUER_KEY, lambda f: f.issue(None, {"iss": f"{f.claims['iss']}/"})
    ),
    "iss is a list": _Row(
        "RFC 7519 §4.1.1", Needs.ISSUER_KEY, lambda f: f.issue(None, {"iss": [f.claims["iss"]]})
    ),
    "iss is missing": _Row("RFC 9068 §2.2", Needs.ISSUER_KEY, _claiming(iss=None)),
    "aud is another": _Row("RFC 8725 §3.9", Needs.ISSUER_KEY, _claiming(aud="of-nobody")),
    "aud is a list of others": _Row("RFC 8725 §3.9", Needs.ISSUER_KEY, _claiming(aud=["of-nobody", "x"])),
    "aud is empty": _Row("RFC 8725 §3.9", Needs.ISSUER_KEY, _claiming(aud=[])),
    "aud is missing": _Row("RFC 9068 §2.2", Needs.ISSUER_KEY, _claiming(aud=None)),
    "an id token": _Row(
        "RFC 8725 §3.11",
        Needs.ISSUER_KEY,
        lambda f: f.issue({"typ": "JWT"}, {"nonce": "n", "scope": None, "client_id": None}),
    ),
    "typ is JWT": _Row("RFC 9068 §4", Needs.ISSUER_KEY, _headed(typ="JWT")),
    "typ is missing": _Row("RFC 9068 §4", Needs.ISSUER_KEY, _headed(typ=None)),
    "typ is that of another kind of token": _Row(
        "RFC 8725 §3.11", Needs.ISSUER_KEY, _headed(typ="logout+jwt")
    ),
    # the same token, spelt otherwise
    "padding behind it": _Row(_BASE64, Needs.GOOD_TOKEN, lambda f: f.bend(signature="{}==")),
    "padding in its claims": _Row(_BASE64, Needs.GOOD_TOKEN, lambda f: f.bend(claims="{}=")),
    "spare bits in its claims": _Row(_BASE64, Needs.ISSUER_KEY, _spare_bits),
    "+ and / in its signature": _Row(_BASE64, Needs.GOOD_TOKEN, _other_alphabet),
    "a line end behind it": _Row(_BASE64, Needs.GOOD_TOKEN, lambda f: f.bend() + "\n", carried=False),
    "a line end in its claims": _Row(
        _BASE64, Needs.GOOD_TOKEN, lambda f: f.bend(claims="{}\n"), carried=False
    ),
    "a point behind it": _Row(_COMPACT, Needs.GOOD_TOKEN, lambda f: f.bend() + "."),
    "two more parts": _Row(_COMPACT, Needs.GOOD_TOKEN, lambda f: f.bend() + ".AA.AA"),
    "as JSON": _Row(
        _COMPACT,
        Needs.GOOD_TOKEN,
        _as_json(protected=lambda one: one["protected"], signature=lambda one: one["signature"]),
    ),
    "as JSON without any signature": _Row(
        f"{_COMPACT}; CVE-2026-96760", Needs.GOOD_TOKEN, _as_json(signatures=lambda _: [])
    ),
    "as JSON with two signatures": _Row(
        f"{_COMPACT}; CVE-2026-102946",
        Needs.GOOD_TOKEN,
        _as_json(signatures=lambda one: [one, {**one, "signature": "AAAA"}]),
    ),
    # signatures
    "other claims under a good signature": _Row("RFC 7515 §5.2", Needs.GOOD_TOKEN, _altered),
    "a signature of zeros": _Row(
        "CVE-2022-21449", Needs.NOTHING, lambda f: f.write(None, None, lambda m: bytes(len(f.sign(m))))
    ),
    "a signature in DER": _Row("RFC 7518 §3.4", Needs.ISSUER_KEY, _der),
    "a signature one byte short": _Row("RFC 7518 §3.4", Needs.ISSUER_KEY, _resized(lambda one: one[:-1])),
    "a signature one byte long": _Row("RFC 7518 §3.4", Needs.ISSUER_KEY, _resized(lambda one: one + b"\0")),
    "encrypted, and not signed": _Row("RFC 7519 §11.2; RFC 8725 §3.3", Needs.NOTHING, _encrypted),
}


CARRIED: Final = tuple(name for name, row in ATTACKS.items() if row.carried)
"""Those that a request can carry; a line end, for one, is in no header."""


def attacks_on(issuer: FakeIssuer) -> list[Attack]:
    """Make every attack on who trusts this issuer; the twin of them all is `issuer.token()`."""
    forger = Forger.at(issuer)
    return [make(name, forger) for name in ATTACKS]


def make(name: str, forger: Forger) -> Attack:
    """Make one attack. Raises `LookupError` where the forger lacks what it needs."""
    row = ATTACKS[name]
    return Attack(name, row.forge(forger), row.read, row.needs)
