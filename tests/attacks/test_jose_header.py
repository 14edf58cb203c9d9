"""Attacks by the header: keys it carries, extensions it demands, the kind it claims, the key it names."""

from base64 import b64encode
from functools import partial
from typing import Any

import pytest
from tests.attacks.forgery import (
    ATTACKER,
    ES256,
    ES_HEADER,
    Attack,
    der,
    es256_of_the_attacker,
    forge,
    header,
    pair_of_tests,
    pem,
    policy,
    token,
    verify,
    without,
)

from gatepass.jose import (
    CriticalHeader,
    JoseError,
    Key,
    KeyNotFound,
    Malformed,
    WrongType,
    jws,
)

ATTACKERS_JWK = Key.from_pem(pem(ATTACKER), "ES256", kid="evil").to_jwk()


def no_network(*args: object, **kwargs: object) -> None:
    raise AssertionError("a token made Gatepass open a connection")


ODD_TYPES: dict[str, dict[str, Any]] = {
    "jwk": {"jwk": ["key"]},
    "jku": {"jku": 5},
    "x5u": {"x5u": ["https://evil.example"]},
    "x5c": {"x5c": [1]},
    "x5c, empty,": {"x5c": []},
    "x5t": {"x5t": None},
}
EMBEDDED = [
    token(
        "embedded",
        f"CVE-2018-0114: {name} of the attacker{', with kid' if 'kid' in extra else ''}",
        JoseError,
        partial(forge, header(**extra), sign=es256_of_the_attacker),
        partial(forge, header(**without(extra, "kid"))),  # there, ignored, signed by the right key
    )
    for name, extra in (
        ("jwk", {"jwk": ATTACKERS_JWK}),
        ("jwk", {"jwk": ATTACKERS_JWK, "kid": "evil"}),
        ("jku", {"jku": "https://evil.example/jwks.json"}),
        ("jku", {"jku": "https://evil.example/jwks.json", "kid": "evil"}),
        ("jku file:///etc/passwd", {"jku": "file:///etc/passwd"}),
        ("x5u", {"x5u": "https://evil.example/cert.pem"}),
        ("x5c", {"x5c": [b64encode(der(ATTACKER)).decode()]}),
        ("x5t", {"x5t": "AAAA", "x5t#S256": "AAAA"}),
    )
] + [
    token(
        "embedded",
        f"CVE-2026-27962: {name} of an odd type",
        Malformed,
        partial(forge, header(**extra)),
    )
    for name, extra in ODD_TYPES.items()
]

CRIT = [
    token("crit", f"CVE-2025-59420: crit {value!r}", JoseError, partial(forge, header(crit=value)))
    for value in (
        ["exp"],
        ["unknown"],
        ["b64"],
        [],
        [""],
        5,
        None,
        True,
        "b64",
        {"a": 1},
        [["b64"]],
        [5],
        [None],
        1e9,
    )
] + [
    token(
        "crit",
        "CVE-2026-32597: crit of an extension that is there",
        CriticalHeader,
        lambda: forge(header(crit=["http://example.com/x"], **{"http://example.com/x": True})),
        lambda: forge(header(**{"http://example.com/x": True})),  # not critical: ignored (RFC 7515 §4)
    ),
    token("crit", "RFC 7797: b64 false", CriticalHeader, lambda: forge(header(b64=False))),
    token(
        "crit",
        "RFC 7797: b64 false and critical",
        CriticalHeader,
        lambda: forge(header(b64=False, crit=["b64"])),
    ),
    token("crit", "RFC 7797: b64 true", CriticalHeader, lambda: forge(header(b64=True))),
]

ZIP = [
    token("zip", "CVE-2024-28102: zip in a JWS", CriticalHeader, lambda: forge(header(zip="DEF"))),
    token("zip", "CVE-2024-33664: zip of an odd type", CriticalHeader, lambda: forge(header(zip=5))),
]

TYPES = [
    token("typ", f"RFC 8725 §3.11: {what}", error, partial(forge, members))
    for what, error, members in (
        ("an ID token (typ JWT) as access token", WrongType, header(typ="JWT")),
        ("no typ", WrongType, without(ES_HEADER, "typ")),
        ("typ null", Malformed, header(typ=None)),
        ("typ is a list", Malformed, header(typ=["at+jwt"])),
        ("typ is empty", WrongType, header(typ="")),
        ("typ with a space", WrongType, header(typ="at+jwt ")),
        ("typ with a parameter", WrongType, header(typ="at+jwt;charset=utf-8")),
        ("another tree of media types", WrongType, header(typ="text/at+jwt")),
        ("application/ twice", WrongType, header(typ="application/application/at+jwt")),
        ("typ of a longer name", WrongType, header(typ="at+jwt+jwt")),
        ("typ with a Kelvin sign or such", WrongType, header(typ="at+\u212awt")),
    )
] + [
    Attack(
        "§3.11",
        "RFC 8725 §3.11: application/at+jwt and AT+JWT are the same media type, logout+jwt is not",
        WrongType,
        lambda: verify(forge(header(typ="application/logout+jwt"))),
        lambda: (verify(forge(header(typ="application/at+jwt"))), verify(forge(header(typ="AT+JWT")))),
    ),
    Attack(
        "§3.11",
        "RFC 7515 §4.1.9: application/ is only left out where no other slash follows",
        WrongType,
        lambda: verify(forge(header(typ="application/text/plain")), rules=policy(typ="text/plain")),
        lambda: verify(forge(header(typ="text/plain")), rules=policy(typ="text/plain")),
    ),
    Attack(
        "§3.11",
        "RFC 8725 §3.11: the Kelvin sign is no k, whatever lower case makes of it",
        WrongType,
        lambda: verify(forge(header(typ="to\u212aen+jwt")), rules=policy(typ="token+jwt")),
        lambda: verify(forge(header(typ="TOKEN+jwt")), rules=policy(typ="token+jwt")),
    ),
    Attack(
        "§3.11",
        "RFC 8725 §3.11: a policy without typ",
        ValueError,
        lambda: policy(typ=""),
        lambda: policy(typ="JWT"),
    ),
    Attack(
        "§3.12",
        "RFC 8725 §3.12: another of our own kinds, revocations+jwt, with the same key and claims",
        WrongType,
        lambda: verify(forge(header(typ="revocations+jwt"))),
        lambda: verify(forge(header(typ="revocations+jwt")), rules=policy(typ="revocations+jwt")),
    ),
    Attack(
        "§3.12",
        "RFC 8725 §3.12: an access token where the revocation feed belongs",
        WrongType,
        lambda: verify(forge(), rules=policy(typ="revocations+jwt")),
        lambda: verify(forge()),
    ),
    Attack(
        "§3.12",
        "RFC 8725 §3.12: jws.verify pinned to no typ meets a token that has one",
        WrongType,
        lambda: jws.verify(forge(), ES256, typ=None, algorithms=frozenset({"ES256"})),
        lambda: jws.verify(
            forge(without(ES_HEADER, "typ")), ES256, typ=None, algorithms=frozenset({"ES256"})
        ),
    ),
]

KIDS = [
    token(
        "§3.10",
        f"RFC 8725 §3.10: kid {value!r} is a name and nothing else",
        error,
        partial(forge, header(kid=value)),
        lambda: forge(header(kid="ec")),
    )
    for value, error in (
        ("../../../dev/null", KeyNotFound),
        ("/proc/self/environ", KeyNotFound),
        ("' OR '1'='1", KeyNotFound),
        ("x' UNION SELECT 'secret';--", KeyNotFound),
        ("*)(uid=*))(|(uid=*", KeyNotFound),
        ("$(touch /tmp/x)", KeyNotFound),
        ("{{7*7}}", KeyNotFound),
        ("https://evil.example/key", KeyNotFound),
        ("EC", KeyNotFound),
        ("ec ", KeyNotFound),
        ("ec\0", KeyNotFound),
        ("\uff45\uff43", KeyNotFound),
        ("", KeyNotFound),
        (None, Malformed),
        (0, Malformed),
        (True, Malformed),
        (["ec"], Malformed),
        ({"ec": 1}, Malformed),
    )
]
ATTACKS = [*EMBEDDED, *CRIT, *ZIP, *TYPES, *KIDS]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


@pytest.mark.parametrize("attack", EMBEDDED, ids=str)
def test_no_connection_is_opened(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", no_network)
    with pytest.raises(attack.refused):
        attack.attack()
    attack.twin()
