"""Attacks on the choice of the algorithm: none, confusion of keys, lists that do not agree."""

import json
from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives import serialization
from tests.attacks.forgery import (
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
    der,
    forge,
    forge_hs,
    header,
    hs256,
    pair_of_tests,
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
    KeySet,
    Malformed,
    jws,
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
ATTACKS = [*NONE, *CONFUSION, *AGREEMENT, *SECTIONS]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)
