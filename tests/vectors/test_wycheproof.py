"""Wycheproof's JSON Web files: signature, encryption, key and crypto (C2SP/wycheproof, schema version 1).

All of them go through our own parsing, key checks and algorithm agreement. What only OpenSSL decides (the
paddings of PKCS #1 and PSS) is counted apart, as "decided by OpenSSL".
"""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from tests.vectors.corpus import MACS, SIGNATURES, Vector, judge, load, needs_vectors, open_jwe

from gatepass.jose import Key, KeyInvalid, KeySet, jws

FILES = ("signature", "encryption", "key", "crypto")
# Flags of vectors whose segments, header and key are all in order: only the primitive can tell.
PRIMITIVE_FLAGS = frozenset({"ModifiedPadding", "ModifiedSignature"})

_BYTE_FOR_BYTE_VALID = "byte for byte the token of 357, which is valid"
_NOT_THE_ALPHABET = "published as valid although it contains '?', which is not base64url (RFC 7515 §2)"
_TWO_ALGORITHMS = "published as valid although the header says PS384 and the key PS256 (RFC 8725 §3.1)"
_ES521 = (
    "published as valid although the key says ES521, which is no algorithm (RFC 7518 §3.1 spells it ES512)"
)
DEFECTS = {
    ("signature", 346): _TWO_ALGORITHMS,
    ("signature", 347): _ES521,
    ("signature", 350): _TWO_ALGORITHMS,
    ("signature", 351): _ES521,
    ("signature", 367): _BYTE_FOR_BYTE_VALID,
    ("signature", 370): _BYTE_FOR_BYTE_VALID,
    ("signature", 372): _NOT_THE_ALPHABET,
    ("signature", 373): _NOT_THE_ALPHABET,
}


def published(file: str) -> dict[str, Any]:
    """Give the content of one file, or nothing where the folder is absent."""
    return dict(load("wycheproof", "testvectors_v1", f"json_web_{file}_test.json"))


def left_out(test: dict[str, Any], group: dict[str, Any]) -> str | None:
    """Say why Gatepass refuses on purpose what is published as valid."""
    if "CompressedPlaintext" in test["flags"]:
        return "zip"
    if group["private"].get("alg") == "RSA1_5":
        return "RSA1_5"
    return None


def vectors(file: str) -> Iterator[Vector]:
    """Every vector of one file."""
    for group in published(file).get("testGroups", ()):
        for test in group["tests"]:
            decided = ", decided by OpenSSL" if PRIMITIVE_FLAGS & set(test["flags"]) else ""
            yield Vector(
                file=f"wycheproof json_web_{file}_test.json{decided}",
                name=f"{file} {test['tcId']} {test['comment']}",
                published=test["result"] == "valid",
                run=partial(run, group, test),
                expected=bytes.fromhex(test["pt"]) if "pt" in test else None,
                left_out=left_out(test, group),
                defect=DEFECTS.get((file, test["tcId"])),
            )


def run(group: dict[str, Any], test: dict[str, Any]) -> object:
    """Verify or decrypt, with lists as wide as lists can be: the key must hold by itself."""
    if "jwe" in test:
        return open_jwe(text(test["jwe"]), keys(group["private"], test))
    jwk = group.get("public", group["private"])
    kinds = {one.get("kty") for one in jwk.get("keys", [jwk])}
    allowed = MACS if "oct" in kinds else SIGNATURES
    return jws.verify(text(test["jws"]), keys(jwk, test), typ=None, algorithms=allowed)[0]


def keys(jwk: dict[str, Any], test: dict[str, Any]) -> Key | KeySet:
    """Give the key or the set; a key that names no algorithm is asked for the one that the token names."""
    if "keys" in jwk:
        return KeySet.from_jwks(jwk)
    # Only the vectors of wrong use and wrong key_ops come without "alg".
    return Key.from_jwk(jwk, alg=None if "alg" in jwk else {"RSA": "RS256", "EC": "ES256"}[jwk["kty"]])


def text(token: str | dict[str, Any]) -> str:
    """Give the token as it travels: JSON serialization as JSON text."""
    return token if isinstance(token, str) else json.dumps(token)


@needs_vectors
@pytest.mark.parametrize("vector", [vector for file in FILES for vector in vectors(file)], ids=str)
def test_a_vector_of_wycheproof(vector: Vector, record_property: Callable[[str, object], None]) -> None:
    judge(vector, record_property)


@needs_vectors
@pytest.mark.parametrize("file", FILES)
def test_every_vector_of_the_file_is_run(file: str) -> None:
    assert len(list(vectors(file))) == published(file)["numberOfTests"] > 0


@needs_vectors
def test_the_misspelt_key_ops_of_349_make_no_key() -> None:
    """`["sign, verify"]` is one unknown operation, so the private key is good for nothing (RFC 7517 §4.3)."""
    found = 0
    for group in published("signature")["testGroups"]:
        if group["private"].get("key_ops") == ["sign, verify"]:
            with pytest.raises(KeyInvalid):
                Key.from_jwk(group["private"])
            found += 1
    assert found == 1
