"""Attacks on the compact form: segments, base64url, the header, who chooses the algorithm and the key."""

import json
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from tests.attacks.forgery import (
    ATTACKER,
    CLAIMS,
    EC,
    ES256,
    ES_HEADER,
    HS256,
    HS_HEADER,
    PS256,
    RS256,
    RSA,
    Attack,
    b64,
    claims,
    es256,
    es256_of_the_attacker,
    forge,
    forge_hs,
    header,
    hs256,
    pem,
    policy,
    ps256,
    rs256,
    text,
    token,
    token_hs,
    verify,
    without,
)

from gatepass.jose import (
    AlgorithmNotAllowed,
    BadSignature,
    CriticalHeader,
    JoseError,
    Key,
    KeyInvalid,
    KeyNotFound,
    KeySet,
    Malformed,
    TooLong,
    WrongType,
    jws,
    jwt,
)


def unsigned(message: bytes) -> bytes:
    return b""


def none(alg: object) -> list[Attack]:
    return [
        token(
            "none",
            f"CVE-2015-9235: alg {alg!r}, blank signature",
            JoseError,
            lambda: forge(header(alg=alg), sign=unsigned),
        ),
        token(
            "none",
            f"CVE-2015-9235: alg {alg!r}, the signature of ES256",
            JoseError,
            lambda: forge(header(alg=alg)),
        ),
    ]


NO_ALGORITHMS: tuple[object, ...] = ("none", "None", "NONE", "nOnE", "none ", "", None, False, 0, [])
NONE = [attack for alg in NO_ALGORITHMS for attack in none(alg)] + [
    token(
        "none",
        "CVE-2026-28802: no alg at all",
        Malformed,
        lambda: forge(without(ES_HEADER, "alg"), sign=unsigned),
    ),
    token("none", "CVE-2026-28802: a blank signature for ES256", BadSignature, lambda: forge(sign=unsigned)),
    token_hs(
        "none",
        "CVE-2026-28802: a blank signature for HS256",
        BadSignature,
        lambda: forge(HS_HEADER, sign=unsigned),
    ),
    token("none", "CVE-2015-9235: two segments", Malformed, lambda: forge().rpartition(".")[0]),
    Attack(
        "none",
        "RFC 8725 §3.2: a policy that allows none",
        ValueError,
        lambda: policy("none"),
        lambda: policy("ES256"),
    ),
    Attack(
        "none",
        "RFC 8725 §3.2: a policy that allows none among others",
        ValueError,
        lambda: policy(algorithms=frozenset({"ES256", "none"})),
        lambda: policy(algorithms=frozenset({"ES256", "ES384"})),
    ),
    Attack(
        "none",
        "RFC 8725 §3.2: a key for none",
        KeyInvalid,
        lambda: Key.generate("none"),
        lambda: Key.generate("ES256"),
    ),
]


def der(private: Any) -> bytes:
    encoded: bytes = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


SPELLINGS: dict[str, Callable[[], bytes]] = {
    "PEM": lambda: pem(RSA),
    "PEM without its last newline": lambda: pem(RSA).strip(),
    "PEM with CRLF": lambda: pem(RSA).replace(b"\n", b"\r\n"),
    "PEM after a blank line": lambda: b"\n" + pem(RSA),
    "DER": lambda: der(RSA),
    "PKCS #1 PEM": lambda: RSA.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.PKCS1
    ),
    "JWK": lambda: json.dumps(RS256.to_jwk()).encode(),
    "compact JWK": lambda: json.dumps(RS256.to_jwk(), separators=(",", ":")).encode(),
    "its modulus": lambda: RSA.public_key().public_numbers().n.to_bytes(256, "big"),
    "SSH": lambda: RSA.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ),
}


def confusion(name: str, secret: Callable[[], bytes]) -> Attack:
    """HS256 with what the attacker knows, presented where RS256 is expected."""
    return Attack(
        "confusion",
        f"CVE-2022-29217: the RS256 public key as HS256 secret, spelt as {name}",
        AlgorithmNotAllowed,
        lambda: verify(
            forge(HS_HEADER, sign=lambda message: hs256(message, secret())), RS256, policy("RS256")
        ),
        lambda: verify(forge(header(alg="RS256"), sign=rs256), RS256, policy("RS256")),
    )


CONFUSION = [confusion(name, secret) for name, secret in SPELLINGS.items()] + [
    Attack(
        "confusion",
        "CVE-2024-33663: the same where the policy wants HS256 and the key is RS256",
        AlgorithmNotAllowed,
        lambda: verify(
            forge(HS_HEADER, sign=lambda message: hs256(message, pem(RSA))), RS256, policy("HS256")
        ),
        lambda: verify(forge(HS_HEADER, sign=hs256), HS256, policy("HS256")),
    ),
    Attack(
        "confusion",
        "CVE-2024-37568: the EC public key as HS256 secret",
        AlgorithmNotAllowed,
        lambda: verify(forge(HS_HEADER, sign=lambda message: hs256(message, pem(EC)))),
        lambda: verify(forge()),
    ),
    Attack(
        "confusion",
        "CVE-2026-48526: a policy of MACs and signatures",
        ValueError,
        lambda: policy(algorithms=frozenset({"HS256", "RS256"})),
        lambda: policy(algorithms=frozenset({"RS256", "ES256"})),
    ),
    Attack(
        "confusion",
        "CVE-2026-48526: jws.verify with a list of MACs and signatures",
        ValueError,
        lambda: jws.verify(forge(), ES256, typ="at+jwt", algorithms=frozenset({"HS256", "ES256"})),
        lambda: jws.verify(forge(), ES256, typ="at+jwt", algorithms=frozenset({"RS256", "ES256"})),
    ),
    Attack(
        "confusion",
        "CVE-2026-102268: a set of secrets and public keys",
        KeyInvalid,
        lambda: KeySet([HS256, ES256]),
        lambda: KeySet([RS256, ES256]),
    ),
    Attack(
        "confusion",
        "CVE-2026-102268: a secret published among public keys is not trusted",
        JoseError,
        lambda: verify(
            forge_hs(HS_HEADER | {"kid": "secret"}),
            KeySet.from_jwks({"keys": [ES256.to_jwk(), HS256.to_private_jwk()]}),
            policy("HS256"),
        ),
        lambda: verify(
            forge(header(kid="ec")), KeySet.from_jwks({"keys": [ES256.to_jwk(), HS256.to_private_jwk()]})
        ),
    ),
    Attack(
        "confusion",
        "CVE-2022-29217: a PEM given as the secret of HS256 does not open RS256",
        AlgorithmNotAllowed,
        lambda: verify(
            forge(header(alg="RS256"), sign=rs256), Key.from_secret("HS256", pem(RSA)), policy("RS256")
        ),
        lambda: verify(forge(header(alg="RS256"), sign=rs256), RS256, policy("RS256")),
    ),
]

OTHER_SPELLINGS = {
    "lower case": "es256",
    "mixed case": "Es256",
    "a space after it": "ES256 ",
    "a space before it": " ES256",
    "NUL after it": "ES256\0",
    "a Cyrillic Е": "\u0415S256",
    "full width": "\uff25\uff33\uff12\uff15\uff16",
    "a combining accent": "ES256\u0301",
    "a zero-width space": "ES256\u200b",
    "a line feed": "ES256\n",
    "a list": ["ES256"],
    "an object": {"ES256": True},
    "a number": 256,
    "true": True,
}

AGREEMENT = [
    token("agreement", f"RFC 7515 §4.1.1: alg with {name}", JoseError, partial(forge, header(alg=alg)))
    for name, alg in OTHER_SPELLINGS.items()
] + [
    Attack(
        "agreement",
        "CVE-2026-48523: header and key agree, the policy does not",
        AlgorithmNotAllowed,
        lambda: verify(forge(), ES256, policy("ES384")),
        lambda: verify(forge(), ES256, policy("ES256")),
    ),
    Attack(
        "agreement",
        "CVE-2026-48523: header and policy agree, the key does not (PS256 key, RS256 signature)",
        AlgorithmNotAllowed,
        lambda: verify(forge(header(alg="RS256"), sign=rs256), PS256, policy("RS256")),
        lambda: verify(forge(header(alg="PS256"), sign=ps256), PS256, policy("PS256")),
    ),
    Attack(
        "agreement",
        "CVE-2026-48523: key and policy agree, the header does not",
        AlgorithmNotAllowed,
        lambda: verify(forge(header(alg="PS256"), sign=rs256), RS256, policy("RS256")),
        lambda: verify(forge(header(alg="RS256"), sign=rs256), RS256, policy("RS256")),
    ),
    Attack(
        "agreement",
        "CVE-2026-48523: the header says RS256, the signature is PS256",
        BadSignature,
        lambda: verify(forge(header(alg="RS256"), sign=ps256), RS256, policy("RS256")),
        lambda: verify(forge(header(alg="RS256"), sign=rs256), RS256, policy("RS256")),
    ),
    Attack(
        "agreement",
        "RFC 8812: ES256K where ES256 is expected",
        AlgorithmNotAllowed,
        lambda: verify(forge(header(alg="ES256K")), ES256, policy(algorithms=frozenset({"ES256", "ES256K"}))),
        lambda: verify(forge(), ES256, policy(algorithms=frozenset({"ES256", "ES256K"}))),
    ),
]

ED = Key.generate("Ed25519", kid="ed")


def eddsa(name: str) -> str:
    message = b64(text({"alg": name, "typ": "at+jwt"})) + "." + b64(text(CLAIMS))
    signature = ED._material.private.sign(message.encode())
    return message + "." + b64(signature)


AGREEMENT += [
    Attack(
        "agreement",
        f"RFC 9864: {said} where the policy names {named}",
        AlgorithmNotAllowed,
        partial(verify, eddsa(said), ED, policy(named)),
        partial(verify, eddsa(named), ED, policy(named)),
    )
    for said, named in (("EdDSA", "Ed25519"), ("Ed25519", "EdDSA"), ("Ed448", "Ed25519"))
]

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


def serialized(**changes: object) -> str:
    head, body, signature = forge().split(".")
    return json.dumps({"payload": body, "protected": head, "signature": signature} | changes)


def general(signatures: object) -> str:
    return json.dumps({"payload": forge().split(".")[1], "signatures": signatures})


JSON_SERIALIZATION = [
    token("json-serialization", f"{source}: {what}", Malformed, forged)
    for source, what, forged in (
        ("CVE-2026-96760", "flattened", serialized),
        (
            "CVE-2026-96760",
            "flattened, no signature",
            lambda: json.dumps(without(json.loads(serialized()), "signature")),
        ),
        ("CVE-2026-96760", "flattened, empty signature", lambda: serialized(signature="")),
        ("CVE-2026-102946", "general, an empty list of signatures", lambda: general([])),
        ("CVE-2026-102946", "general, no list of signatures", lambda: general(None)),
        (
            "RFC 7515 §7.2.1",
            "general, one good signature",
            lambda: general([{"protected": forge().split(".")[0], "signature": forge().split(".")[2]}]),
        ),
        ("RFC 7515 §7.2.1", "an empty object", lambda: "{}"),
    )
]


def at(position: int, change: Callable[[str], str]) -> Callable[[], str]:
    """Give a good token with one of its segments changed."""

    def changed() -> str:
        segments = forge().split(".")
        segments[position] = change(segments[position])
        return ".".join(segments)

    return changed


def resigned(position: int, change: Callable[[str], str]) -> Callable[[], str]:
    """Give a token whose changed segment is covered by a good signature."""

    def changed() -> str:
        segments = forge().split(".")[:2]
        segments[position] = change(segments[position])
        message = ".".join(segments)
        return message + "." + b64(es256(message.encode()))

    return changed


def spare_bit(segment: str) -> str:
    """Set a bit that the last character does not use; a segment that uses them all gets a character more."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if len(segment) % 4 == 0:
        return segment + "A"
    return segment[:-1] + alphabet[alphabet.index(segment[-1]) + 1]


CHANGES: dict[str, Callable[[str], str]] = {
    "padding": lambda segment: segment + "=" * (-len(segment) % 4 or 4),
    "two signs of padding": lambda segment: segment + "==",
    "spare bits": spare_bit,
    "a space before": lambda segment: " " + segment,
    "a space after": lambda segment: segment + " ",
    "a space within": lambda segment: segment[:4] + " " + segment[4:],
    "a line feed": lambda segment: segment + "\n",
    "CRLF within": lambda segment: segment[:4] + "\r\n" + segment[4:],
    "a tab": lambda segment: segment[:8] + "\t" + segment[8:],
    "NUL": lambda segment: segment + "\0",
    "the standard alphabet": lambda segment: segment[:-4] + "+/+/",
    "an odd character that decoders skip": lambda segment: segment[:4] + "!" + segment[4:],
    "a percent sign": lambda segment: segment[:4] + "%3D" + segment[4:],
    "a zero-width space": lambda segment: segment[:4] + "\u200b" + segment[4:],
    "a full-width letter": lambda segment: chr(ord(segment[0]) - 0x21 + 0xFF01) + segment[1:],
    "a lone surrogate": lambda segment: "\ud800" + segment[1:],
    "an accent": lambda segment: segment + "\u0301",
    "one character too many": lambda segment: segment + "A" * ((1 - len(segment)) % 4 or 4),
}
SEGMENTS = ("header", "payload", "signature")

BASE64 = (
    [
        token(
            "base64", f"CVE-2026-102269: {name} in the {SEGMENTS[position]}", JoseError, at(position, change)
        )
        for name, change in CHANGES.items()
        for position in range(3)
    ]
    + [
        token(
            "base64",
            f"CVE-2026-102269: {name} in the {SEGMENTS[position]}, signed as it stands",
            JoseError,
            resigned(position, change),
        )
        for name, change in CHANGES.items()
        for position in range(2)
        if "surrogate" not in name  # which has no bytes to sign
    ]
    + [
        token("base64", f"CVE-2026-102269: {name}", JoseError, forged)
        for name, forged in {
            "token + '=='": lambda: forge() + "==",
            "a dot after it": lambda: forge() + ".",
            "a dot before it": lambda: "." + forge(),
            "a fourth segment": lambda: forge() + ".AAAA",
            "a second dot": lambda: forge().replace(".", "..", 1),
            "an empty header": lambda: "." + forge().partition(".")[2],
            "an empty payload": lambda: forge(claims=b""),
            "a line feed after it": lambda: forge() + "\n",
            "a space before it": lambda: " " + forge(),
            "a BOM before it": lambda: "\ufeff" + forge(),
            "Bearer before it": lambda: "Bearer " + forge(),
            "quotes around it": lambda: f'"{forge()}"',
            "nothing at all": lambda: "",
            "two dots": lambda: "..",
            "one dot": lambda: ".",
            "full-width dots": lambda: forge().replace(".", "\uff0e"),
        }.items()
    ]
)


def insert(character: str, segment: str) -> str:
    return segment[:8] + character + segment[8:]


ALPHABET = [
    token(
        "bis-alphabet",
        f"RFC 8725bis: {character!r} is not skipped in the {SEGMENTS[position]}",
        JoseError,
        at(position, partial(insert, character)),
    )
    for character in ("\r\n", " ", "\x0b", "=", "*", "\x7f", "\u00a0", "\u2028")
    for position in range(3)
]

BIG = 4_000_000
BIG_TOKENS: dict[str, Callable[[], str]] = {
    "a header of 4 MB": lambda: forge(header(kid="k" * BIG)),
    "a header of 4 MB of no base64url": lambda: "!" * BIG + ".e30.AA",
    "a payload of 4 MB": lambda: forge(claims=claims(sub="s" * BIG)),
    "a signature of 4 MB": lambda: forge(sign=lambda message: bytes(BIG)),
    "4 million dots": lambda: "." * BIG,
    "4 million spaces": lambda: forge() + " " * BIG,
    "4 million Cyrillic letters": lambda: "\u0415" * BIG,
}
SIZE = [token("size", f"CVE-2025-61920: {name}", TooLong, forged) for name, forged in BIG_TOKENS.items()]

ATTACKS = [
    *NONE,
    *CONFUSION,
    *AGREEMENT,
    *EMBEDDED,
    *CRIT,
    *ZIP,
    *JSON_SERIALIZATION,
    *BASE64,
    *ALPHABET,
    *SIZE,
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
ATTACKS += TYPES + KIDS

SECTIONS = [
    Attack(
        "§3.1",
        "RFC 8725 §3.1: an empty list of algorithms",
        ValueError,
        lambda: policy(algorithms=frozenset()),
        lambda: policy(algorithms=frozenset({"ES256"})),
    ),
    Attack(
        "§3.1",
        "RFC 8725 §3.1: a list that is a string, so that 'S256' would be in it",
        ValueError,
        lambda: policy(algorithms="ES256"),
        lambda: policy(algorithms=frozenset({"ES256"})),
    ),
    Attack(
        "§3.1",
        "RFC 8725 §3.1: an algorithm that no table knows",
        ValueError,
        lambda: policy("ES256X"),
        lambda: policy("ES256"),
    ),
    Attack(
        "bis-one-key",
        "RFC 8725bis: the same RSA key under RS256 and PS256 is two keys",
        AlgorithmNotAllowed,
        lambda: verify(
            forge(header(alg="PS256"), sign=ps256), RS256, policy(algorithms=frozenset({"RS256", "PS256"}))
        ),
        lambda: verify(
            forge(header(alg="RS256"), sign=rs256), RS256, policy(algorithms=frozenset({"RS256", "PS256"}))
        ),
    ),
    Attack(
        "bis-one-key",
        "RFC 8725bis: a JWK whose alg is another than the caller's",
        KeyInvalid,
        lambda: Key.from_jwk(RS256.to_jwk(), alg="PS256"),
        lambda: Key.from_jwk(RS256.to_jwk(), alg="RS256"),
    ),
    token(
        "bis-decompression",
        "RFC 8725bis: zip DEF is not inflated",
        CriticalHeader,
        lambda: forge(header(zip="DEF")),
    ),
    Attack(
        "§3.2",
        "RFC 8725 §3.2: signatures with SHA-1",
        KeyInvalid,
        lambda: Key.from_pem(pem(RSA), "RS1"),
        lambda: Key.from_pem(pem(RSA), "RS256"),
    ),
    Attack(
        "§3.2",
        "RFC 8725 §3.2: RSA1_5",
        KeyInvalid,
        lambda: Key.from_pem(pem(RSA), "RSA1_5"),
        lambda: Key.from_pem(pem(RSA), "RS512"),
    ),
]
ATTACKS += SECTIONS


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_the_attack_is_refused(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", no_network)
    with pytest.raises(attack.refused):
        attack.attack()


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_its_twin_is_accepted(attack: Attack) -> None:
    attack.twin()


@pytest.mark.parametrize("attack", SIZE, ids=str)
def test_a_token_too_long_is_refused_before_anything_is_decoded(
    attack: Attack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spy instead of a clock: neither base64url nor JSON is touched."""

    def decoded(*args: object) -> None:
        raise AssertionError("something was decoded")

    monkeypatch.setattr("gatepass.jose.b64.decode", decoded)
    monkeypatch.setattr("gatepass.jose.strict_json.decode_object", decoded)
    with pytest.raises(TooLong):
        attack.attack()
    with pytest.raises(AssertionError, match="something was decoded"):  # the spy sees what is decoded
        attack.twin()


@pytest.mark.parametrize("forged", BIG_TOKENS.values(), ids=BIG_TOKENS)
def test_peek_too_refuses_a_token_too_long(forged: Callable[[], str]) -> None:
    with pytest.raises(TooLong):
        jwt.peek(forged())
