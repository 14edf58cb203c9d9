"""The attacks that worked elsewhere, as tokens that a Service must refuse: a table, one line each.

Each line names what is wrong, where to read about it, and what a forger needs for it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from gatepass.testing.forger import Forger, raw, sign_with
from gatepass.testing.forgeries import (
    altered,
    as_json,
    claiming,
    compressed,
    deep,
    der,
    embedded,
    encrypted,
    headed,
    mac,
    nothing,
    numbered,
    other_alphabet,
    published,
    resized,
    spare_bits,
    strange,
    timed,
    unencoded,
    unsigned,
    with_certificate,
)

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

_ALG: Final = "RFC 8725 §3.1 and §3.2"
_NEVER_FOLLOWED: Final = "RFC 7515 §4.1.2 to §4.1.6; CVE-2018-0114"
_CRIT: Final = "RFC 7515 §4.1.11; CVE-2025-59420"
_BASE64: Final = "RFC 7515 §2, RFC 4648 §3.5"
_MEMBERS: Final = "RFC 7515 §4, RFC 7519 §4: member names must be unique"
_DATE: Final = "RFC 7519 §2, NumericDate"
_CONFUSED: Final = "RFC 8725 §2.1; CVE-2022-29217"
_COMPACT: Final = "RFC 7519 §3: a JWT is compact"


ATTACKS: Final[dict[str, _Row]] = {
    # not signed at all
    **{
        f"alg is {alg or 'empty'}, nothing is signed": _Row(_ALG, Needs.NOTHING, unsigned(alg))
        for alg in ("none", "None", "NONE", "nOnE", "")
    },
    "alg is none, and a signature is there": _Row(
        _ALG, Needs.NOTHING, lambda f: f.write({"alg": "none"}, None, sign_with(f.stranger))
    ),
    "alg is missing": _Row("RFC 7515 §4.1.1", Needs.NOTHING, unsigned(None)),
    "alg is a list": _Row("RFC 7515 §4.1.1", Needs.NOTHING, strange(alg=["ES256", "none"])),
    "alg is a number": _Row("RFC 7515 §4.1.1", Needs.NOTHING, strange(alg=5)),
    "alg is unknown": _Row(_ALG, Needs.NOTHING, strange(alg="XX999")),
    "the signature is blank": _Row(_ALG, Needs.NOTHING, lambda f: f.write(None, None, nothing)),
    "the signature is left off": _Row(
        _COMPACT, Needs.NOTHING, lambda f: f.write(None, None, nothing).rstrip(".")
    ),
    # the public key as a shared secret
    "HS256 with the public key as PEM": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, mac(lambda f: published(f).to_pem())
    ),
    "HS256 with the public key as PEM without its last line end": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, mac(lambda f: published(f).to_pem().strip())
    ),
    "HS256 with the public key as DER": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, mac(lambda f: published(f).to_der())
    ),
    "HS256 with the public key as JWK": _Row(
        _CONFUSED, Needs.PUBLIC_KEY, mac(lambda f: json.dumps(published(f).to_jwk()).encode())
    ),
    "HS256 with the public key as JWK without spaces": _Row(
        _CONFUSED,
        Needs.PUBLIC_KEY,
        mac(lambda f: json.dumps(published(f).to_jwk(), separators=(",", ":")).encode()),
    ),
    "HS256 with an empty secret": _Row("RFC 8725 §3.5", Needs.NOTHING, mac(lambda _: b"")),
    "HS256 with a secret that anybody guesses": _Row(
        "RFC 8725 §3.5", Needs.NOTHING, mac(lambda _: b"secret")
    ),
    # a key that the token brings along
    "another key under the same kid": _Row("RFC 7515 §4.1.4", Needs.NOTHING, strange()),
    "an unknown kid": _Row("RFC 7515 §4.1.4", Needs.NOTHING, strange(kid="of-nobody")),
    "its own key in jwk": _Row(_NEVER_FOLLOWED, Needs.NOTHING, embedded),
    "its own key behind jku": _Row(
        _NEVER_FOLLOWED, Needs.NOTHING, strange(jku="https://attacker.invalid/jwks.json")
    ),
    "its own key behind x5u": _Row(
        _NEVER_FOLLOWED, Needs.NOTHING, strange(x5u="https://attacker.invalid/key.pem")
    ),
    "its own certificate in x5c": _Row(_NEVER_FOLLOWED, Needs.NOTHING, with_certificate),
    "kid is a path, HS256 with what is there": _Row(
        "RFC 8725 §3.10", Needs.NOTHING, mac(lambda _: b"", kid="../../../../../../dev/null")
    ),
    "kid is SQL, HS256 with what it selects": _Row(
        "RFC 8725 §3.10", Needs.NOTHING, mac(lambda _: b"key", kid="x' UNION SELECT 'key' -- ")
    ),
    "kid is a number": _Row("RFC 7515 §4.1.4", Needs.NOTHING, strange(kid=5)),
    "kid is an object": _Row("RFC 7515 §4.1.4", Needs.NOTHING, strange(kid={"a": 1})),
    # what changes the meaning of the rest
    "crit names what nobody knows": _Row(
        _CRIT,
        Needs.ISSUER_KEY,
        headed(crit=["http://attacker.invalid/x"], **{"http://attacker.invalid/x": 1}),
    ),
    "crit names exp": _Row(_CRIT, Needs.ISSUER_KEY, headed(crit=["exp"])),
    "crit is empty": _Row(_CRIT, Needs.ISSUER_KEY, headed(crit=[])),
    "crit is a text": _Row(_CRIT, Needs.ISSUER_KEY, headed(crit="exp")),
    "crit is a number": _Row(_CRIT, Needs.ISSUER_KEY, headed(crit=5)),
    "crit holds a list": _Row(_CRIT, Needs.ISSUER_KEY, headed(crit=[["exp"]])),
    "b64 is false": _Row("RFC 7797 §6", Needs.ISSUER_KEY, unencoded),
    "zip": _Row("RFC 7516 §4.1.3; CVE-2024-28102", Needs.ISSUER_KEY, compressed),
    # twice, deep, long, odd
    "alg twice": _Row(
        _MEMBERS, Needs.ISSUER_KEY, lambda f: f.issue(raw(f.header, alg=json.dumps(f.header["alg"])))
    ),
    "sub twice": _Row(_MEMBERS, Needs.ISSUER_KEY, lambda f: f.issue(None, raw(f.claims, sub='"root"'))),
    "exp twice": _Row(
        _MEMBERS, Needs.ISSUER_KEY, lambda f: f.issue(None, raw(f.claims, exp=str(f.now + 9_000)))
    ),
    "a header too long": _Row("CVE-2025-61920", Needs.ISSUER_KEY, lambda f: f.issue({"x": "x" * LONG})),
    "a header too deep": _Row("RFC 8259 §9", Needs.NOTHING, deep),
    "a header that is a list": _Row("RFC 7515 §4", Needs.NOTHING, lambda f: f.write(b"[]", None, nothing)),
    "a header that is no UTF-8": _Row(
        "RFC 7515 §4", Needs.NOTHING, lambda f: f.write(b'{"alg":"\xff"}', None, nothing)
    ),
    "claims that are a list": _Row("RFC 7519 §7.2", Needs.ISSUER_KEY, lambda f: f.issue(None, b'["sub"]')),
    "claims that are null": _Row("RFC 7519 §7.2", Needs.ISSUER_KEY, lambda f: f.issue(None, b"null")),
    # times
    **{
        f"exp is {text if len(text) < 9 else 'a number of 401 digits'}": _Row(
            _DATE, Needs.ISSUER_KEY, numbered("exp", text)
        )
        for text in ("NaN", "Infinity", "true", '"1"', "null", "1e400", "-1", "[]", "1" + "0" * 400)
    },
    "exp is missing": _Row("RFC 9068 §2.2", Needs.ISSUER_KEY, claiming(exp=None)),
    "exp was two minutes ago": _Row("RFC 7519 §4.1.4", Needs.ISSUER_KEY, timed("exp", -120)),
    "nbf is in an hour": _Row("RFC 7519 §4.1.5", Needs.ISSUER_KEY, timed("nbf", 3_600)),
    "iat is in an hour": _Row("RFC 7519 §4.1.6", Needs.ISSUER_KEY, timed("iat", 3_600)),
    # for whom, by whom, what
    "iss is another": _Row("RFC 8725 §3.8", Needs.ISSUER_KEY, claiming(iss="https://attacker.invalid")),
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
    "iss is missing": _Row("RFC 9068 §2.2", Needs.ISSUER_KEY, claiming(iss=None)),
    "aud is another": _Row("RFC 8725 §3.9", Needs.ISSUER_KEY, claiming(aud="of-nobody")),
    "aud is a list of others": _Row("RFC 8725 §3.9", Needs.ISSUER_KEY, claiming(aud=["of-nobody", "x"])),
    "aud is empty": _Row("RFC 8725 §3.9", Needs.ISSUER_KEY, claiming(aud=[])),
    "aud is missing": _Row("RFC 9068 §2.2", Needs.ISSUER_KEY, claiming(aud=None)),
    "an id token": _Row(
        "RFC 8725 §3.11",
        Needs.ISSUER_KEY,
        lambda f: f.issue({"typ": "JWT"}, {"nonce": "n", "scope": None, "client_id": None}),
    ),
    "typ is JWT": _Row("RFC 9068 §4", Needs.ISSUER_KEY, headed(typ="JWT")),
    "typ is missing": _Row("RFC 9068 §4", Needs.ISSUER_KEY, headed(typ=None)),
    "typ is that of another kind of token": _Row(
        "RFC 8725 §3.11", Needs.ISSUER_KEY, headed(typ="logout+jwt")
    ),
    # the same token, spelt otherwise
    "padding behind it": _Row(_BASE64, Needs.GOOD_TOKEN, lambda f: f.bend(signature="{}==")),
    "padding in its claims": _Row(_BASE64, Needs.GOOD_TOKEN, lambda f: f.bend(claims="{}=")),
    "spare bits in its claims": _Row(_BASE64, Needs.ISSUER_KEY, spare_bits),
    "+ and / in its signature": _Row(_BASE64, Needs.GOOD_TOKEN, other_alphabet),
    "a line end behind it": _Row(_BASE64, Needs.GOOD_TOKEN, lambda f: f.bend() + "\n", carried=False),
    "a line end in its claims": _Row(
        _BASE64, Needs.GOOD_TOKEN, lambda f: f.bend(claims="{}\n"), carried=False
    ),
    "a point behind it": _Row(_COMPACT, Needs.GOOD_TOKEN, lambda f: f.bend() + "."),
    "two more parts": _Row(_COMPACT, Needs.GOOD_TOKEN, lambda f: f.bend() + ".AA.AA"),
    "as JSON": _Row(
        _COMPACT,
        Needs.GOOD_TOKEN,
        as_json(protected=lambda one: one["protected"], signature=lambda one: one["signature"]),
    ),
    "as JSON without any signature": _Row(
        f"{_COMPACT}; CVE-2026-96760", Needs.GOOD_TOKEN, as_json(signatures=lambda _: [])
    ),
    "as JSON with two signatures": _Row(
        f"{_COMPACT}; CVE-2026-102946",
        Needs.GOOD_TOKEN,
        as_json(signatures=lambda one: [one, {**one, "signature": "AAAA"}]),
    ),
    # signatures
    "other claims under a good signature": _Row("RFC 7515 §5.2", Needs.GOOD_TOKEN, altered),
    "a signature of zeros": _Row(
        "CVE-2022-21449", Needs.NOTHING, lambda f: f.write(None, None, lambda m: bytes(len(f.sign(m))))
    ),
    "a signature in DER": _Row("RFC 7518 §3.4", Needs.ISSUER_KEY, der),
    "a signature one byte short": _Row("RFC 7518 §3.4", Needs.ISSUER_KEY, resized(lambda one: one[:-1])),
    "a signature one byte long": _Row("RFC 7518 §3.4", Needs.ISSUER_KEY, resized(lambda one: one + b"\0")),
    "encrypted, and not signed": _Row("RFC 7519 §11.2; RFC 8725 §3.3", Needs.NOTHING, encrypted),
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
