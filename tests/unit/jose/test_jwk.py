"""A JWK has one spelling of each value, halves that match, and says what the key is for."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gatepass.jose import Key, KeyInvalid, KeySet, b64, jws
from gatepass.jose.material import check_rsa

EC = Key.generate("ES256", "k").to_private_jwk()
ED = Key.generate("Ed25519", "k").to_private_jwk()
RSA = Key.generate("RS256", "k").to_private_jwk()
AKP = Key.generate("ML-DSA-44", "k").to_private_jwk()
OCT = Key.generate("HS256", "k").to_private_jwk()
P521 = Key.generate("ES512", "k").to_private_jwk()


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in names}


def number(value: int, size: int | None = None) -> str:
    return b64.encode(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def integer(text: str) -> int:
    return int.from_bytes(b64.decode(text), "big")


N, E, D = integer(RSA["n"]), integer(RSA["e"]), integer(RSA["d"])
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256

ACCEPTED: dict[str, tuple[dict[str, Any], str]] = {
    "EC": (EC, "ES256"),
    "EC, public": (without(EC, "d"), "ES256"),
    "EC that says only its use": (without(EC, "alg"), "ES256"),
    "EC that says only its operations": (without(EC, "alg", "use") | {"key_ops": ["sign"]}, "ES256"),
    "P-521 that says only its use": (without(P521, "alg"), "ES512"),
    "OKP": (ED, "Ed25519"),
    "OKP without alg": (without(ED, "alg", "use"), "Ed25519"),
    "OKP by its older name": (ED | {"alg": "EdDSA"}, "EdDSA"),
    "AKP": (AKP, "ML-DSA-44"),
    "AKP, public": (without(AKP, "priv"), "ML-DSA-44"),
    "RSA": (RSA, "RS256"),
    "RSA with only d": (without(RSA, "p", "q", "dp", "dq", "qi"), "RS256"),
    "oct": (OCT, "HS256"),
    "a certificate beside it is not read": (EC | {"x5c": ["nonsense"], "x5u": 5, "x5t": None}, "ES256"),
    "members nobody knows": (EC | {"ext": True, "x": EC["x"]}, "ES256"),
    "operations that match": (EC | {"key_ops": ["sign", "verify"]}, "ES256"),
    "operations nobody knows beside one": (EC | {"key_ops": ["verify", "frobnicate"]}, "ES256"),
    "x5t#S256": (EC | {"x5t#S256": b64.encode(bytes(32))}, "ES256"),
}


@pytest.mark.parametrize(("jwk", "alg"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_jwk_is_taken(jwk: dict[str, Any], alg: str) -> None:
    key = Key.from_jwk(jwk)
    assert key.alg == alg
    assert key.is_private == any(name in jwk for name in ("d", "priv", "k"))
    members = key.to_private_jwk() if key.is_private else key.to_jwk()
    assert Key.from_jwk(members).thumbprint() == key.thumbprint()


def test_x5t_s256_stays_with_the_key() -> None:
    digest = b64.encode(bytes(32))
    key = Key.from_jwk(EC | {"x5t#S256": digest})
    assert key.x5t_s256 == digest == key.to_jwk()["x5t#S256"]


REFUSED: dict[str, dict[str, Any]] = {
    "no kty": without(EC, "kty"),
    "kty is null": EC | {"kty": None},
    "an unknown kty": EC | {"kty": "XX"},
    "kty in capitals": EC | {"kty": "ec"},
    "another kty": EC | {"kty": "RSA"},
    "OKP's curve in EC": EC | {"crv": "Ed25519"},
    "EC's curve in OKP": ED | {"crv": "P-256"},
    "an ML-DSA set in OKP": ED | {"crv": "ML-DSA-44"},
    "no crv": without(EC, "crv"),
    "another crv": EC | {"crv": "P-384"},
    "an unknown crv": EC | {"crv": "P-224"},
    "no x": without(EC, "x"),
    "x is a number": EC | {"x": 5},
    "x is padded": EC | {"x": EC["x"] + "="},
    "x with spare bits": EC | {"x": EC["x"][:-1] + "B"},
    "x is short": EC | {"x": b64.encode(b64.decode(EC["x"])[1:])},
    "x has a zero before it": EC | {"x": b64.encode(b"\0" + b64.decode(EC["x"]))},
    "a point off the curve": EC | {"y": EC["x"]},
    "a private half of another key": EC | {"d": Key.generate("ES256").to_private_jwk()["d"]},
    "d is zero": EC | {"d": number(0, 32)},
    "d is the order": EC | {"d": number(ORDER, 32)},
    "d is short": EC | {"d": number(5)},
    "d is null": EC | {"d": None},
    "OKP halves of two keys": ED | {"x": Key.generate("Ed25519").to_jwk()["x"]},
    "OKP of a wrong length": ED | {"x": b64.encode(bytes(31))},
    "OKP d of a wrong length": ED | {"d": b64.encode(bytes(33))},
    "AKP halves of two keys": AKP | {"pub": Key.generate("ML-DSA-44").to_jwk()["pub"]},
    "AKP without alg": without(AKP, "alg"),
    "AKP of another set": AKP | {"alg": "ML-DSA-65"},
    "AKP of an unknown set": AKP | {"alg": "ML-DSA-1"},
    "RSA without n": without(RSA, "n"),
    "RSA n with a zero before it": RSA | {"n": b64.encode(b"\0" + b64.decode(RSA["n"]))},
    "RSA n is empty": RSA | {"n": ""},
    "RSA n is even": without(RSA, "d", "p", "q", "dp", "dq", "qi") | {"n": number(N + 1)},
    "RSA n is short": {"kty": "RSA", "alg": "RS256", "e": "AQAB", "n": number((1 << 2047) - 1)},
    "RSA n is longer than 8192 bits": {
        "kty": "RSA",
        "alg": "RS256",
        "e": "AQAB",
        "n": number((1 << 8193) - 1),
    },
    "RSA n of 100 kB": {"kty": "RSA", "alg": "RS256", "e": "AQAB", "n": number((1 << 800_000) - 1)},
    "RSA e is 1": RSA | {"e": "AQ"},
    "RSA e is 3": RSA | {"e": "Aw"},
    "RSA e is even": RSA | {"e": number(65538)},
    "RSA e is huge": RSA | {"e": number(2**64 + 1)},
    "RSA d of another key": without(RSA, "p", "q", "dp", "dq", "qi") | {"d": number(D ^ 2)},
    "RSA d is n": RSA | {"d": RSA["n"]},
    "RSA d is 1": RSA | {"d": "AQ"},
    "RSA d of 100 kB": without(RSA, "p", "q", "dp", "dq", "qi") | {"d": number((1 << 800_000) - 1)},
    "RSA with p alone": without(RSA, "q", "dp", "dq", "qi"),
    "RSA with p, without d": without(RSA, "d"),
    "RSA with a wrong p": RSA | {"p": number(integer(RSA["p"]) + 2)},
    "RSA of three primes": RSA | {"oth": []},
    "oct without k": without(OCT, "k"),
    "oct with an empty k": OCT | {"k": ""},
    "oct with a short k": OCT | {"k": b64.encode(bytes(31))},
    "k is a surrogate": OCT | {"k": "\ud800" * 44},
    "an alg of another kty": EC | {"alg": "RS256"},
    "an alg of another curve": EC | {"alg": "ES384"},
    "an unknown alg": EC | {"alg": "ES521"},
    "alg is a list": EC | {"alg": ["ES256"]},
    "alg none": OCT | {"alg": "none"},
    "kid is a number": EC | {"kid": 5},
    "use is a number": EC | {"use": 5},
    "use enc for a signature": EC | {"use": "enc"},
    "an unknown use": EC | {"use": "tls"},
    "key_ops is a text": EC | {"key_ops": "sign"},
    "key_ops holds a number": EC | {"key_ops": ["sign", 5]},
    "key_ops twice the same": EC | {"key_ops": ["sign", "sign"]},
    "key_ops is empty": EC | {"key_ops": []},
    "key_ops of encryption": without(EC, "use") | {"key_ops": ["deriveKey"]},
    "key_ops against use": EC | {"key_ops": ["sign", "deriveKey"]},
    "key_ops of signing in an encryption key": {
        "kty": "oct",
        "alg": "A128KW",
        "use": "enc",
        "k": b64.encode(bytes(16)),
        "key_ops": ["wrapKey", "sign"],
    },
    "x5t#S256 of a wrong length": EC | {"x5t#S256": b64.encode(bytes(20))},
    "x5t#S256 is null": EC | {"x5t#S256": None},
    "EC that leaves open what it is for": without(EC, "alg", "use"),
    "EC for encryption that leaves open how": without(EC, "alg") | {"use": "enc"},
    "RSA that leaves open how": without(RSA, "alg"),
    "oct that leaves open how": without(OCT, "alg"),
}


@pytest.mark.parametrize("jwk", REFUSED.values(), ids=REFUSED)
def test_a_jwk_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(KeyInvalid):
        Key.from_jwk(jwk)


@pytest.mark.parametrize("jwk", [None, [], "x", 5])
def test_a_jwk_is_an_object(jwk: Any) -> None:
    with pytest.raises(KeyInvalid):
        Key.from_jwk(jwk)


def test_the_caller_and_the_jwk_agree_on_the_algorithm() -> None:
    assert Key.from_jwk(without(RSA, "alg"), "PS256").alg == "PS256"
    assert Key.from_jwk(RSA, "RS256").alg == "RS256"
    with pytest.raises(KeyInvalid):
        Key.from_jwk(RSA, "PS256")


def test_eddsa_and_the_name_of_its_curve_agree() -> None:
    assert Key.from_jwk(ED, "EdDSA").alg == "EdDSA"
    assert Key.from_jwk(ED | {"alg": "EdDSA"}, "Ed25519").alg == "Ed25519"
    with pytest.raises(KeyInvalid):
        Key.from_jwk(ED | {"alg": "EdDSA"}, "Ed448")


def test_a_key_that_names_its_content_encryption_is_one_of_dir() -> None:
    jwk = {"kty": "oct", "alg": "A256GCM", "k": b64.encode(bytes(32))}
    assert Key.from_jwk(jwk, "dir").alg == "A256GCM"
    with pytest.raises(KeyInvalid):
        Key.from_jwk(jwk | {"alg": "A256KW"}, "dir")


def test_operations_limit_what_a_key_does() -> None:
    signer = Key.from_jwk(EC | {"key_ops": ["sign"]})
    token = jws.sign(b"x", signer, typ="t")
    with pytest.raises(KeyInvalid):
        jws.verify(token, signer, typ="t", algorithms=frozenset({"ES256"}))
    verifier = signer.public()
    assert verifier.key_ops == frozenset({"verify"})
    jws.verify(token, verifier, typ="t", algorithms=frozenset({"ES256"}))
    with pytest.raises(KeyInvalid):
        jws.sign(b"x", Key.from_jwk(EC | {"key_ops": ["verify"]}), typ="t")
    assert verifier.to_jwk()["key_ops"] == ["verify"]


def test_a_key_of_the_broken_generator_is_refused() -> None:
    # CVE-2017-15361: moduli that are powers of 65537 modulo many small primes. This one is, by construction.
    primes = (11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157)
    product = 1
    for prime in primes:
        product *= prime
    modulus = pow(65537, 3, product) + (product * 2 << 1960)
    with pytest.raises(KeyInvalid, match="CVE-2017-15361"):
        check_rsa(modulus | 1 if modulus & 1 else modulus + product, 65537)
    check_rsa(rsa.generate_private_key(65537, 2048).public_key().public_numbers().n, 65537)


def test_what_is_public_is_what_a_set_publishes() -> None:
    keys = KeySet([Key.from_jwk(jwk) for jwk in (EC, ED, RSA | {"kid": "r"}, AKP)])
    for jwk in keys.to_jwks()["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi", "priv", "k"} & jwk.keys()
