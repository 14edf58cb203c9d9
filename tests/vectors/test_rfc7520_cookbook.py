"""RFC 7520's cookbook, with the examples of RFC 7797 (b64=false) and RFC 8037 (curve 25519)."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from tests.vectors.corpus import FOLDER, SIGNATURES, Vector, judge, load, needs_vectors, open_jwe

from gatepass.jose import Key, jws

FILE = "rfc7520-cookbook"
NESTED = "6.nesting_signatures_and_encryption.json"
OUTPUTS = {"compact": "compact", "json": "general JSON", "json_flat": "flattened JSON"}


def examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every example's name and content."""
    for folder in ("jws", "jwe", "curve25519", "rfc7797"):
        for path in sorted((FOLDER / FILE / folder).glob("*.json")):
            yield f"{folder}/{path.stem}", load(FILE, folder, path.name)


def vectors() -> Iterator[Vector]:
    """Give one vector for each serialization of each example."""
    for name, example in examples():
        for output, serialization in OUTPUTS.items():
            if output in example["output"]:
                given = example["input"]
                yield Vector(
                    file=FILE,
                    name=f"{name}, {serialization}",
                    published=True,
                    run=partial(run, example, output),
                    expected=given.get("payload", given.get("plaintext", "")).encode(),
                    left_out=left_out(example, output),
                )
    yield from jwks()
    yield nested()


def left_out(example: dict[str, Any], output: str) -> str | None:
    """Say why Gatepass refuses on purpose what RFC 7520 shows as valid."""
    if output != "compact":
        return "JSON serialization"
    given = example["input"]
    if given.get("alg") == "RSA1_5":
        return "RSA1_5"
    if given.get("zip"):
        return "zip"
    if example.get("signing", {}).get("protected", {}).get("b64") is False:
        return "b64=false"
    if "Detached" in example["title"]:
        return "detached content"
    return None


def run(example: dict[str, Any], output: str) -> object:
    """Check or open one output with the example's key."""
    made = example["output"][output]
    token = made if isinstance(made, str) else json.dumps(made)
    given = example["input"]
    if "payload" in given:
        alg = given["alg"] if isinstance(given["alg"], str) else given["alg"][0]
        jwk = given["key"] if isinstance(given["key"], dict) else given["key"][0]
        return jws.verify(token, Key.from_jwk(jwk, alg=alg), typ=None, algorithms=frozenset({alg}))[0]
    if "pwd" in given:
        return open_jwe(token, Key.from_secret(given["alg"], given["pwd"].encode()))
    alg = given["alg"] if isinstance(given["alg"], str) else given["alg"][0]
    jwk = given["key"] if isinstance(given["key"], dict) else given["key"][0]
    # Section 5.6 names the content encryption as the key's "alg" and uses the key directly.
    return open_jwe(token, Key.from_jwk(jwk, alg=None if alg == "dir" else alg))


def jwks() -> Iterator[Vector]:
    """Section 3: every JWK comes in and goes out unchanged."""
    for path in sorted((FOLDER / FILE / "jwk").glob("*.json")):
        jwk = load(FILE, "jwk", path.name)
        yield Vector(
            file=FILE,
            name=f"jwk/{path.stem}",
            published=True,
            run=partial(in_and_out, jwk),
            expected=jwk,
        )


JWK_ALGORITHMS = {"EC": "ES512", "RSA": "RS256", "oct": "HS256"}


def in_and_out(jwk: dict[str, Any]) -> dict[str, Any]:
    key = Key.from_jwk(jwk, alg=jwk.get("alg", JWK_ALGORITHMS[jwk["kty"]]))
    exported = key.to_private_jwk() if key.is_private else key.to_jwk()
    return {name: value for name, value in exported.items() if name in jwk}


def nested() -> Vector:
    """Section 6: signed, then encrypted; both layers are checked."""
    example = load(FILE, NESTED) if FOLDER.is_dir() else {}

    def open_both() -> object:
        sealed, signed = example["encrypt"], example["sign"]
        inner = open_jwe(
            sealed["output"]["compact"], Key.from_jwk(sealed["input"]["key"]), cty="JWT"
        ).decode()
        assert inner == signed["output"]["compact"]
        key = Key.from_jwk(signed["input"]["key"], alg="PS256")
        return jws.verify(inner, key, typ="JWT", algorithms=SIGNATURES)[0].decode()

    return Vector(
        file=FILE,
        name="6 nesting",
        published=True,
        run=open_both,
        expected=example["sign"]["input"]["payload"] if example else None,
    )


@needs_vectors
@pytest.mark.parametrize("vector", list(vectors()), ids=str)
def test_an_example_of_the_cookbook(vector: Vector, record_property: Callable[[str, object], None]) -> None:
    judge(vector, record_property)


@needs_vectors
def test_the_cookbook_is_not_empty() -> None:
    assert len(list(vectors())) > 50
