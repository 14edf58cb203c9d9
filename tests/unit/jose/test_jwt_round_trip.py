"""A token of each algorithm is accepted by its key, its public half and its set, and by nothing else."""

import pytest

from gatepass.jose import BadSignature, Expired, JoseError, Key, KeySet, Policy, jwt

NOW = 1_700_000_000
ALGORITHMS = (
    *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "ES256K", "Ed25519", "Ed448", "EdDSA"),
    *("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
)


def policy(alg: str) -> Policy:
    return Policy(issuer="https://auth", audience="clinic", typ="at+jwt", algorithms=frozenset({alg}))


@pytest.fixture(scope="module", params=ALGORITHMS)
def key(request: pytest.FixtureRequest) -> Key:
    return Key.generate(request.param, kid="k")


@pytest.fixture
def token(key: Key) -> str:
    return jwt.sign({"iss": "https://auth", "aud": "clinic", "exp": NOW + 60, "sub": "u"}, key, typ="at+jwt")


def test_the_key_itself_verifies(key: Key, token: str) -> None:
    verified = jwt.verify(token, key, policy(key.alg), now=NOW)
    assert verified.claims["sub"] == "u"
    assert verified.header == {"alg": key.alg, "kid": "k", "typ": "at+jwt"}
    assert verified.kid == "k"


def test_a_set_of_public_keys_verifies_again_and_again(key: Key, token: str) -> None:
    keys = KeySet([key]) if key.alg.startswith("HS") else KeySet.from_jwks(KeySet([key]).to_jwks())
    for _ in range(3):
        assert jwt.verify(token, keys, policy(key.alg), now=NOW).claims["sub"] == "u"


def test_another_key_of_the_algorithm_does_not(key: Key, token: str) -> None:
    with pytest.raises(BadSignature):
        jwt.verify(token, Key.generate(key.alg, kid="k"), policy(key.alg), now=NOW)


def test_it_holds_until_the_second_it_expires(key: Key, token: str) -> None:
    jwt.verify(token, key, policy(key.alg), now=NOW + 59.999)
    with pytest.raises(Expired):
        jwt.verify(token, key, policy(key.alg), now=NOW + 60)


def test_no_character_can_be_changed(key: Key, token: str) -> None:
    step = max(1, len(token) // 60)
    for at in [*range(0, len(token), step), len(token) - 1]:
        changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
        with pytest.raises(JoseError):
            jwt.verify(changed, key, policy(key.alg), now=NOW)
