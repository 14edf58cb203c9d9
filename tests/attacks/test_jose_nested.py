"""Attacks on nested tokens: both layers are checked (RFC 7519 §5.2, §11.2)."""

import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from tests.attacks.forgery import (
    CLAIMS,
    ES256,
    NOW,
    Attack,
    b64,
    es256_of_the_attacker,
    forge,
    header,
    pair_of_tests,
    policy,
    without,
)
from tests.attacks.sealing import (
    CEK,
    ENCS,
    KEK,
    KW,
    SECRETS,
    changed,
    seal,
    wrapped,
)

from gatepass.jose import (
    DecryptionFailed,
    JoseError,
    Malformed,
    WrongType,
    jwt,
)

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

ATTACKS = NESTED

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)
