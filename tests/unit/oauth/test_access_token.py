"""The claims of an access token (RFC 9068), and of the answer about a session (RFC 7662)."""

import json
from typing import Any

import pytest

from gatepass.jose import ClaimError, Key, jwt
from gatepass.oauth import (
    INACTIVE,
    AccessToken,
    AccessTokenInvalid,
    Introspection,
    IntrospectionInvalid,
    access_token_policy,
)

TOKEN = AccessToken(
    iss="https://auth.example",
    sub="ada",
    aud="clinic",
    client_id="web",
    exp=1_800_000_600,
    iat=1_800_000_000,
    nbf=1_800_000_000,
    jti="j",
    sid="s",
    epoch=0,
    auth_time=1_799_999_000,
    scope="openid profile",
    roles=frozenset({"doctor", "admin"}),
    permissions=frozenset({"b:read", "a:read"}),
)
SESSION = Introspection(
    iss="https://auth.example",
    sub="ada",
    aud="clinic",
    exp=1_800_000_600,
    iat=1_800_000_000,
    sid="s",
    epoch=0,
    auth_time=1_799_999_000,
    roles=frozenset({"doctor", "admin"}),
)
WRONG: dict[str, Any] = {
    "iss": 5,
    "sub": "",
    "aud": [1],
    "client_id": None,
    "exp": "1800000600",
    "iat": True,
    "nbf": -1,
    "jti": [],
    "sid": "",
    "epoch": 1.5,
    "auth_time": None,
    "scope": "a  b",
    "roles": "admin",
    "permissions": {"admin": True},
    "name": 5,
    "email": [],
}


def test_claims_come_back_as_they_went() -> None:
    claims = TOKEN.to_claims()
    assert AccessToken.from_claims(json.loads(json.dumps(claims))) == TOKEN
    assert json.loads(TOKEN.to_json()) == claims
    assert claims["roles"] == ["admin", "doctor"]  # sorted: equal tokens are equal bytes
    assert "name" not in claims
    assert TOKEN.scopes == {"openid", "profile"}


def test_an_unknown_claim_is_passed_over() -> None:
    assert AccessToken.from_claims({**TOKEN.to_claims(), "acr": "2"}) == TOKEN


@pytest.mark.parametrize("claim", WRONG)
def test_a_claim_of_a_wrong_type_is_refused_without_showing_it(claim: str) -> None:
    with pytest.raises(AccessTokenInvalid) as refusal:
        AccessToken.from_claims({**TOKEN.to_claims(), claim: WRONG[claim]})
    assert "1800000600" not in str(refusal.value)
    assert "admin" not in str(refusal.value)


@pytest.mark.parametrize(
    "claim", ["iss", "sub", "aud", "client_id", "exp", "iat", "nbf", "jti", "sid", "epoch", "auth_time"]
)
def test_what_rfc_9068_and_we_require_cannot_be_missing(claim: str) -> None:
    claims = {name: value for name, value in TOKEN.to_claims().items() if name != claim}
    with pytest.raises(AccessTokenInvalid):
        AccessToken.from_claims(claims)


def test_the_policy_accepts_exactly_such_a_token() -> None:
    key = Key.generate("ES256")
    policy = access_token_policy(issuer=TOKEN.iss, audience="clinic", algorithms=frozenset({"ES256"}))
    signed = jwt.sign(TOKEN.to_claims(), key, typ="at+jwt")
    assert AccessToken.from_claims(jwt.verify(signed, key.public(), policy, now=TOKEN.iat).claims) == TOKEN


@pytest.mark.parametrize(
    "claim", ["iss", "sub", "aud", "client_id", "exp", "iat", "nbf", "jti", "sid", "epoch", "auth_time"]
)
def test_the_policy_requires_each_of_them_too(claim: str) -> None:
    key = Key.generate("ES256")
    policy = access_token_policy(issuer=TOKEN.iss, audience="clinic", algorithms=frozenset({"ES256"}))
    claims = {name: value for name, value in TOKEN.to_claims().items() if name != claim}
    with pytest.raises(ClaimError) as refusal:
        jwt.verify(jwt.sign(claims, key, typ="at+jwt"), key.public(), policy, now=TOKEN.iat)
    assert refusal.value.claim == claim


def test_an_answer_about_a_session_comes_back_as_it_went() -> None:
    said = SESSION.to_json()
    assert Introspection.from_json(said) == SESSION
    assert json.loads(said)["active"] is True
    assert json.loads(said)["roles"] == ["admin", "doctor"]
    assert said == SESSION.to_json()


def test_the_answer_about_a_session_that_does_not_hold_is_none() -> None:
    assert json.loads(INACTIVE) == {"active": False}
    assert Introspection.from_json(INACTIVE) is None
    assert Introspection.from_json(b'{"active":false,"sub":"ada"}') is None


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"null",
        b'{"active":null}',
        b'{"active":"true"}',
        b'{"active":1}',
        b'{"active":true}',
        b"\xff",
    ],
)
def test_what_is_no_introspection_response_is_refused(answer: bytes) -> None:
    with pytest.raises(IntrospectionInvalid):
        Introspection.from_json(answer)


@pytest.mark.parametrize("member", [name for name in WRONG if name not in {"jti", "nbf", "client_id"}])
def test_a_member_of_a_wrong_type_is_refused(member: str) -> None:
    answer = {**json.loads(SESSION.to_json()), member: WRONG[member]}
    with pytest.raises(IntrospectionInvalid):
        Introspection.from_json(json.dumps(answer).encode())
