"""Attacks on what is remembered: the map of known headers, filled by strangers or used against its owner."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from tests.attacks.forgery import (
    CLAIMS,
    EC,
    NOW,
    Attack,
    b64,
    claims,
    es256,
    es256_of_the_attacker,
    forge,
    header,
    pair_of_tests,
    pem,
    policy,
    text,
)

from gatepass.jose import (
    AlgorithmNotAllowed,
    BadSignature,
    JoseError,
    Key,
    KeyNotFound,
    KeySet,
    WrongType,
    jwe,
    jws,
    jwt,
)


def fresh() -> Key:
    """Give a key that remembers nothing yet."""
    return Key.from_pem(pem(EC), "ES256", kid="ec")


def after_a_good_one(change: Callable[[KeySet], object]) -> object:
    """Let a set see a good token, so that its header is known, and then do something else to it."""
    keys = KeySet([fresh()])
    jwt.verify(forge(header(kid="ec")), keys, policy(), now=NOW)
    return change(keys)


def check(token: str, keys: KeySet, **rules: Any) -> object:
    return jwt.verify(token, keys, policy(**rules), now=NOW)


def attack(what: str, refused: type[JoseError], change: Callable[[KeySet], object]) -> Attack:
    return Attack(
        "cache",
        f"a known header: {what}",
        refused,
        partial(after_a_good_one, change),
        partial(after_a_good_one, lambda keys: check(forge(header(kid="ec")), keys)),
    )


def spliced() -> str:
    """Put the known header before an attacker's payload and signature."""
    return forge(header(kid="ec"), claims(sub="admin"), es256_of_the_attacker)


def respelt() -> str:
    """Say the same header with other white space."""
    return forge(text(header(kid="ec")).replace(b": ", b" : "), sign=es256_of_the_attacker)


ATTACKS = [
    attack("an attacker's signature under it", BadSignature, lambda keys: check(spliced(), keys)),
    attack("the same header in another spelling", BadSignature, lambda keys: check(respelt(), keys)),
    attack(
        "a policy of another algorithm",
        AlgorithmNotAllowed,
        lambda keys: check(forge(header(kid="ec")), keys, alg="ES384"),
    ),
    attack(
        "a policy of MACs",
        AlgorithmNotAllowed,
        lambda keys: check(forge(header(kid="ec")), keys, alg="HS256"),
    ),
    attack(
        "a policy of another typ", WrongType, lambda keys: check(forge(header(kid="ec")), keys, typ="JWT")
    ),
    attack(
        "the expiry is judged again",
        JoseError,
        lambda keys: check(forge(header(kid="ec"), claims(exp=1)), keys),
    ),
    attack("a header that begins like it", KeyNotFound, lambda keys: check(forge(header(kid="ec2")), keys)),
    attack(
        "the known header of a signed token before an encrypted one",
        JoseError,
        lambda keys: jwe.decrypt(
            ".".join([b64(text(header(kid="ec"))), "", b64(bytes(12)), "AAAA", b64(bytes(16))]),
            keys,
            typ="at+jwt",
            algorithms=frozenset({"dir"}),
            encryptions=frozenset({"A128GCM"}),
        ),
    ),
]

test_the_attack_is_refused, test_its_twin_is_accepted = pair_of_tests(ATTACKS)


@pytest.mark.parametrize(
    "bad",
    {
        "an attacker's signature": partial(forge, header(kid="ec"), sign=es256_of_the_attacker),
        "no signature": partial(forge, header(kid="ec"), sign=lambda message: b""),
        "another typ": partial(forge, header(kid="ec", typ="JWT"), sign=es256_of_the_attacker),
    }.values(),
)
def test_a_stranger_adds_nothing_to_what_is_known(bad: Callable[[], str]) -> None:
    keys = KeySet([fresh()])
    for _ in range(3):
        with pytest.raises(JoseError):
            jwt.verify(bad(), keys, policy(), now=NOW)
    assert not keys._seen


def test_a_thousand_headers_of_one_issuer_fill_nothing_without_end() -> None:
    """Even who can sign cannot make the map grow: it is bounded, and holds no long header."""
    key = fresh()
    for number in range(300):
        jwt.verify(forge(header(note=str(number))), key, policy(), now=NOW)
    assert 0 < len(key._seen) <= 64
    jwt.verify(forge(header(note="x" * 2_000)), key, policy(), now=NOW)
    assert max(map(len, key._seen)) <= 512


def test_what_one_token_shows_of_its_header_cannot_be_changed_for_the_next() -> None:
    key = fresh()
    token = forge(header(jwk={"kty": "EC"}, x=["list"]))
    shown = jwt.verify(token, key, policy(), now=NOW).header
    with pytest.raises(TypeError):
        shown["alg"] = "none"  # type: ignore[index]
    shown["x"].append("changed")
    shown["jwk"]["kty"] = "oct"
    again = jwt.verify(token, key, policy(), now=NOW).header
    assert again["x"] == ["list"]
    assert again["jwk"] == {"kty": "EC"}


def test_the_claims_of_one_check_cannot_be_changed_for_the_next() -> None:
    key = fresh()
    token = forge(claims=claims(roles=["nurse"]))
    first = jwt.verify(token, key, policy(), now=NOW)
    first.claims["roles"].append("admin")
    first.claims["sub"] = "admin"
    assert jwt.verify(token, key, policy(), now=NOW).claims == CLAIMS | {"roles": ["nurse"]}


def test_what_is_known_of_one_set_is_not_known_of_another() -> None:
    """The header is remembered at the set that verified it: a set without the key does not inherit it."""
    shared = fresh()
    jwt.verify(forge(header(kid="ec")), KeySet([shared]), policy(), now=NOW)
    with pytest.raises(KeyNotFound):
        jwt.verify(forge(header(kid="ec")), KeySet([]), policy(), now=NOW)
    stranger = Key.generate("ES256", kid="ec")
    with pytest.raises(BadSignature):
        jwt.verify(forge(header(kid="ec")), KeySet([stranger]), policy(), now=NOW)


def test_a_signer_remembers_headers_by_typ_and_cty() -> None:
    key = Key.generate("ES256", kid="k")
    for typ, cty in (("a", None), ("b", None), ("a", "JWT"), (None, "a"), (None, None), ("a", None)):
        _, shown = jws.verify(
            jws.sign(b"x", key, typ=typ, cty=cty), key, typ=typ, algorithms=frozenset({"ES256"})
        )
        assert (shown.get("typ"), shown.get("cty")) == (typ, cty)


def test_the_forger_signs_well() -> None:
    """The twin of all of the above: without the attack the forger's tokens are good."""
    assert jwt.verify(forge(sign=es256), fresh(), policy(), now=NOW).claims == CLAIMS
