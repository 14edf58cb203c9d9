"""The examples in the appendices of RFC 7515, 7516, 7517, 7519, 7638, 7797 and 8037."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from tests.vectors.corpus import FOLDER, Vector, judge, load, needs_vectors, open_jwe

from gatepass.jose import Key, Policy, jws, jwt

FILE = "rfc-appendices.json"
# The JWKs of the appendices do not say for which algorithm they are; a Key is bound to one.
JWK_ALGORITHMS = {
    "RFC7517 3 JWK import": "ES256",
    "RFC7517 B JWK import": "RS256",
    "RFC7517 C.1 JWK import": "RSA-OAEP",
    "RFC7517 A JWK import 1": "ECDH-ES+A128KW",
    "RFC7517 A JWK import 1+d": "ECDH-ES+A128KW",
    "RFC7517 A JWK import HMAC key used in JWS spec Appendix A.1 example": "HS256",
    "RFC8037 A.3 thumbprint": "Ed25519",
}


def vectors() -> Iterator[Vector]:
    """Every entry of the file, with what we say about it."""
    for entry in load(FILE):
        yield Vector(
            file=FILE,
            name=entry["name"],
            published=entry["expect"] == "accept",
            run=partial(RUN[entry["op"]], entry),
            expected=bytes.fromhex(entry["pt"])
            if entry["pt"]
            else entry["value"]
            if entry["op"] == "thumb"
            else None,
            left_out=left_out(entry),
        )


def left_out(entry: dict[str, Any]) -> str | None:
    """Say why Gatepass refuses on purpose what an RFC shows as valid."""
    if isinstance(entry["token"], dict):
        return "JSON serialization"
    if "RSA1_5" in (entry["algs"] or ()):
        return "RSA1_5"
    if entry["detached"]:
        return "b64=false"
    return None


def text(token: str | dict[str, Any]) -> str:
    """Give the token as it travels: JSON serialization as JSON text."""
    return token if isinstance(token, str) else json.dumps(token)


def key(entry: dict[str, Any]) -> Key:
    """Give the key, bound to the algorithm that the example uses."""
    jwk = entry["keys"]
    return Key.from_jwk(
        jwk, alg=None if "alg" in jwk else JWK_ALGORITHMS.get(entry["name"]) or entry["algs"][0]
    )


def run_jws(entry: dict[str, Any]) -> bytes:
    typ = "JWT" if entry["name"] == "RFC7515 A.1" else None
    payload, _ = jws.verify(text(entry["token"]), key(entry), typ=typ, algorithms=frozenset(entry["algs"]))
    return payload


def run_jwe(entry: dict[str, Any]) -> bytes:
    return open_jwe(text(entry["token"]), key(entry))


def run_jwt(entry: dict[str, Any]) -> object:
    policy = Policy(issuer="joe", audience="any", typ="JWT", algorithms=frozenset({"HS256"}))
    return jwt.verify(entry["token"], key(entry), policy, now=1_700_000_000.0).claims


def run_jwk(entry: dict[str, Any]) -> None:
    imported = key(entry)
    jwk = entry["keys"]
    exported = imported.to_private_jwk() if imported.is_private else imported.to_jwk()
    assert {name: exported[name] for name in jwk if name in exported} == {
        name: value for name, value in jwk.items() if name in exported
    }
    assert imported.kid == jwk.get("kid", imported.kid)


RUN: dict[str, Callable[[dict[str, Any]], object]] = {
    "jws": run_jws,
    "jwe": run_jwe,
    "jwt": run_jwt,
    "jwk": run_jwk,
    "thumb": lambda entry: key(entry).thumbprint(),
}


@needs_vectors
@pytest.mark.parametrize("vector", list(vectors()), ids=str)
def test_an_example_of_the_rfcs(vector: Vector, record_property: Callable[[str, object], None]) -> None:
    judge(vector, record_property)


@needs_vectors
def test_the_file_is_not_empty() -> None:
    assert len(list(vectors())) >= 34, FOLDER
