"""A header finds exactly one key in a set, and one bad key never takes the others down."""

import json
from typing import Any

import pytest

from gatepass.jose import AlgorithmNotAllowed, Key, KeyInvalid, KeyNotFound, KeySet, Malformed, jws

ES = Key.generate("ES256", "es")
ED = Key.generate("Ed25519", "ed")
RS = Key.generate("RS256", "rs")
MAC = Key.generate("HS256", "mac")
UNNAMED = Key.from_jwk({name: value for name, value in ES.to_private_jwk().items() if name != "kid"})


def verified_by(keys: Key | KeySet, signer: Key, *algorithms: str) -> bytes:
    token = jws.sign(b"x", signer, typ="t")
    return jws.verify(token, keys, typ="t", algorithms=frozenset(algorithms or {signer.alg}))[0]


def test_a_kid_finds_its_key() -> None:
    keys = KeySet([ES, ED, RS])
    assert len(keys) == 3
    assert list(keys) == [ES, ED, RS]
    for signer in keys:
        assert verified_by(keys, signer) == b"x"


def test_an_unknown_kid_finds_none() -> None:
    with pytest.raises(KeyNotFound) as caught:
        verified_by(KeySet([ES]), Key.generate("ES256", "other"))
    assert caught.value.kid == "other"
    assert "other" not in str(caught.value)  # a stranger's word stays out of the log


def test_without_a_kid_the_one_key_that_fits_is_found() -> None:
    assert verified_by(KeySet([ES, ED, RS]), UNNAMED) == b"x"
    with pytest.raises(KeyNotFound, match="several fit") as caught:
        verified_by(KeySet([ES, Key.generate("ES256", "other")]), UNNAMED)
    assert caught.value.kid is None


def test_a_kid_of_a_key_for_another_algorithm_is_refused() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        verified_by(KeySet([Key.generate("RS256", "es")]), ES)
    with pytest.raises(AlgorithmNotAllowed):
        verified_by(Key.generate("RS256", "es"), ES)


def test_keys_without_a_name_are_found_without_one() -> None:
    keys = KeySet([UNNAMED, ED])
    assert verified_by(keys, UNNAMED) == b"x"
    with pytest.raises(KeyNotFound):
        verified_by(keys, ES)


def test_an_empty_set_finds_nothing() -> None:
    for signer in (ES, UNNAMED):
        with pytest.raises(KeyNotFound):
            verified_by(KeySet([]), signer)


def test_one_key_given_by_hand_is_held_to_its_given_name_only() -> None:
    pem = ES.to_pem()
    assert verified_by(Key.from_pem(pem, "ES256"), ES) == b"x"  # its name is only derived
    assert verified_by(UNNAMED, ES) == b"x"
    assert verified_by(Key.from_pem(pem, "ES256", "es"), ES) == b"x"
    with pytest.raises(KeyNotFound):
        verified_by(Key.from_pem(pem, "ES256", "other"), ES)


def test_one_kid_may_name_keys_of_different_algorithms() -> None:
    keys = KeySet([Key.generate("ES256", "k"), Key.generate("RS256", "k")])
    for signer in keys:
        assert verified_by(keys, signer) == b"x"


def test_secrets_that_sign_do_not_stand_beside_public_keys() -> None:
    with pytest.raises(KeyInvalid):
        KeySet([ES, MAC])
    assert len(KeySet([MAC, Key.generate("HS256", "mac2")])) == 2
    assert len(KeySet([ES, Key.generate("A128KW", "kw"), Key.generate("ECDH-ES", "dh")])) == 3


def test_two_keys_of_one_name_are_ambiguous() -> None:
    with pytest.raises(KeyInvalid):
        KeySet([ES, Key.generate("ES256", "es")])


GOOD = ED.to_jwk()
BAD: dict[str, Any] = {
    "not an object": 5,
    "an object of nothing": {},
    "an unknown kty": {"kty": "XX", "kid": "x"},
    "an unknown algorithm": ES.to_jwk() | {"alg": "ES999"},
    "a point off the curve": ES.to_jwk() | {"y": ES.to_jwk()["x"]},
    "a kid that is a number": ES.to_jwk() | {"kid": 5},
    "an open algorithm": {name: value for name, value in RS.to_jwk().items() if name != "alg"},
    "a secret that signs": MAC.to_private_jwk(),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_passed_over_and_told(bad: Any) -> None:
    keys = KeySet.from_jwks({"keys": [bad, GOOD]})
    assert [key.kid for key in keys] == ["ed"]
    (told,) = keys.passed_over
    assert told.position == 0
    assert told.reason
    kid = bad.get("kid") if isinstance(bad, dict) else None
    assert told.kid == (kid if isinstance(kid, str) else None)
    assert verified_by(keys, ED) == b"x"
    assert repr(keys) == "<KeySet of 1, 1 passed over>"


def test_of_an_exact_copy_the_first_is_kept() -> None:
    keys = KeySet.from_jwks({"keys": [GOOD, GOOD]})
    assert len(keys) == 1
    assert [told.position for told in keys.passed_over] == [1]


SPOILERS: dict[str, dict[str, Any]] = {
    "another key": Key.generate("Ed25519", "ed").to_jwk(),
    "an unusable key": GOOD | {"x": "AAAA"},
    "an unusable key without alg": {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": "AAAA"},
}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("spoiler", SPOILERS.values(), ids=SPOILERS)
def test_namesakes_are_all_passed_over(spoiler: dict[str, Any], order: int) -> None:
    keys = KeySet.from_jwks({"keys": [[GOOD, spoiler][::order][0], [GOOD, spoiler][::order][1], ES.to_jwk()]})
    assert [key.kid for key in keys] == ["es"]
    assert [told.position for told in keys.passed_over] == [0, 1]


def test_an_unusable_key_of_another_kind_spoils_nothing() -> None:
    assert len(KeySet.from_jwks({"keys": [GOOD, {"kty": "RSA", "kid": "ed"}]})) == 1


def test_keys_that_do_not_name_their_algorithm_take_the_callers() -> None:
    jwk = BAD["an open algorithm"]
    assert KeySet.from_jwks({"keys": [jwk]}, "RS256").keys[0].alg == "RS256"
    assert KeySet.from_jwks({"keys": [jwk, RS.to_jwk() | {"kid": "x"}]}, "PS256").keys[1].alg == "RS256"


def test_a_set_comes_from_bytes_too() -> None:
    text = json.dumps({"keys": [GOOD], "more": 1}).encode()
    assert KeySet.from_jwks(text).to_jwks() == {"keys": [GOOD]}


NOT_A_SET: dict[str, Any] = {
    "a list": [],
    "a text": "{}",
    "nothing": None,
    "no keys": {},
    "keys is an object": {"keys": {}},
    "no JSON": b"hello",
    "keys twice": b'{"keys":[],"keys":[]}',
    "too many keys": {"keys": [{}] * 2_001},
    "too many bytes": b'{"keys":[]}' + b" " * 4_000_000,
}


@pytest.mark.parametrize("document", NOT_A_SET.values(), ids=NOT_A_SET)
def test_what_is_no_set_is_refused(document: Any) -> None:
    with pytest.raises(Malformed):
        KeySet.from_jwks(document)


def test_a_set_of_secrets_publishes_nothing() -> None:
    with pytest.raises(KeyInvalid):
        KeySet([MAC]).to_jwks()


def test_a_set_is_frozen() -> None:
    keys = KeySet([ES])
    with pytest.raises(AttributeError):
        keys.keys = (ED,)
    assert keys.keys == (ES,)
