"""A key is bound to one algorithm, checked when it is made, and silent about what it is made of."""

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from gatepass.jose import Key, KeyInvalid, b64

SECRET = bytes(range(64))

SIZES = {
    ("HS256", 32): True,
    ("HS256", 31): False,
    ("HS256", 0): False,
    ("HS384", 47): False,
    ("HS384", 48): True,
    ("HS512", 63): False,
    ("HS512", 64): True,
    ("HS256", 1024): True,
    ("HS256", 1025): False,
    ("A128KW", 16): True,
    ("A128KW", 32): False,
    ("A256GCMKW", 32): True,
    ("A256GCMKW", 31): False,
    ("A256GCM", 32): True,
    ("A256GCM", 16): False,
    ("A256CBC-HS512", 64): True,
    ("dir", 15): False,
    ("dir", 16): True,
    ("PBES2-HS256+A128KW", 8): True,
    ("PBES2-HS256+A128KW", 7): False,
}


@pytest.mark.parametrize(("alg", "size"), SIZES)
def test_a_secret_has_the_size_its_algorithm_wants(alg: str, size: int) -> None:
    if SIZES[alg, size]:
        assert Key.from_secret(alg, bytes(size)).is_private
    else:
        with pytest.raises(KeyInvalid):
            Key.from_secret(alg, bytes(size))


@pytest.mark.parametrize("secret", ["x" * 64, bytearray(64), None, 5])
def test_a_secret_is_bytes(secret: Any) -> None:
    with pytest.raises(KeyInvalid):
        Key.from_secret("HS256", secret)


GENERATED: list[tuple[str, str | None]] = [
    ("HS256", None),
    ("RS256", None),
    ("ES256", None),
    ("ES512", None),
    ("EdDSA", "Ed448"),
    ("ML-DSA-65", None),
    ("RSA-OAEP-256", None),
    ("ECDH-ES", "P-384"),
    ("ECDH-ES+A256KW", "X448"),
    ("A192GCM", None),
    ("A256CBC-HS512", None),
    ("dir", None),
]


@pytest.mark.parametrize(("alg", "curve"), GENERATED)
def test_a_generated_key_comes_back_from_its_jwk(alg: str, curve: str | None) -> None:
    key = Key.generate(alg, curve=curve)
    again = Key.from_jwk(key.to_private_jwk())
    assert (again.alg, again.kid, again.use, again.curve) == (key.alg, key.kid, key.use, key.curve)
    assert again.to_private_jwk() == key.to_private_jwk()
    assert again.thumbprint() == key.thumbprint()


def test_a_generated_key_is_named_by_its_thumbprint_and_a_secret_is_not() -> None:
    key = Key.generate("ES256")
    assert key.kid == key.thumbprint()
    assert Key.generate("ES256", "mine").kid == "mine"
    assert Key.generate("HS256").kid is None


@pytest.mark.parametrize(("alg", "curve"), [("ES256", "P-384"), ("EdDSA", "P-256"), ("HS256", "P-256")])
def test_a_curve_is_one_of_the_algorithm(alg: str, curve: str) -> None:
    with pytest.raises(KeyInvalid):
        Key.generate(alg, curve=curve)


@pytest.mark.parametrize("bits", [0, 1024, 2047, 8193])
def test_an_rsa_key_has_2048_to_8192_bits(bits: int) -> None:
    with pytest.raises(KeyInvalid):
        Key.generate("RS256", bits=bits)


@pytest.mark.parametrize("alg", ["none", "NONE", "RSA1_5", "es256", "", None, 5, ["ES256"]])
def test_an_unknown_algorithm_has_no_keys(alg: Any) -> None:
    with pytest.raises(KeyInvalid):
        Key.generate(alg)


def test_a_name_is_text() -> None:
    with pytest.raises(KeyInvalid):
        Key.generate("ES256", 5)  # type: ignore[arg-type]


def test_the_public_half_has_no_private_one() -> None:
    key = Key.generate("ES256", "k")
    public = key.public()
    assert not public.is_private
    assert public.public() is public
    assert public.to_jwk() == key.to_jwk()
    assert "d" not in key.to_jwk()
    for export in (public.to_private_jwk, public.to_private_pem, public.to_private_der):
        with pytest.raises(KeyInvalid):
            export()


def test_a_secret_has_no_public_half() -> None:
    key = Key.from_secret("HS256", SECRET)
    for export in (key.public, key.to_jwk, key.to_pem, key.to_der, key.to_private_pem, key.to_private_der):
        with pytest.raises(KeyInvalid):
            export()
    assert key.to_private_jwk()["k"] == b64.encode(SECRET)


@pytest.mark.parametrize("key", [Key.from_secret("HS256", SECRET, "k"), Key.generate("Ed25519", "k")])
def test_a_key_shows_nothing_of_what_it_is_made_of(key: Key) -> None:
    assert repr(key) == f"<Key {key.alg} kid='k' private>"
    assert repr(key._material).startswith("<gatepass.jose.material.Material object at ")
    for writing in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            writing(key)
    with pytest.raises(FrozenInstanceError):
        key.alg = "none"  # type: ignore[misc]


def test_only_keys_on_a_curve_have_one() -> None:
    assert Key.generate("ES384").curve == "P-384"
    assert Key.generate("HS256").curve is None
    assert Key.generate("ML-DSA-44").curve is None
