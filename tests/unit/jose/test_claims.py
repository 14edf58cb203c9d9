"""Claims are judged by type, value and time, and each refusal names its claim."""

from typing import Any

import pytest

from gatepass.jose import (
    ClaimError,
    ClaimInvalid,
    ClaimMissing,
    Expired,
    JoseError,
    NotYetValid,
    Policy,
    TooOld,
)
from gatepass.jose.claims import check_types

NOW = 1_700_000_000.5
GOOD: dict[str, Any] = {"iss": "https://auth", "aud": "clinic", "exp": 1_700_000_060, "sub": "u"}
POLICY = Policy(
    issuer="https://auth",
    audience="clinic",
    typ="at+jwt",
    algorithms=frozenset({"ES256"}),
    required=frozenset({"sub", "iss"}),
)

ACCEPTED: dict[str, dict[str, Any]] = {
    "the least": {},
    "several audiences": {"aud": ["other", "clinic"]},
    "dates as floats": {"exp": NOW + 0.25, "nbf": NOW - 0.5, "iat": NOW - 0.5},
    "nbf ahead by the leeway": {"nbf": 1_700_000_030},
    "iat ahead by the leeway": {"iat": 1_700_000_030},
    "the last second of 9999": {"exp": 253_402_300_799},
    "a jti": {"jti": "x"},
    "private claims of any type": {"roles": [1, None], "x": {}},
}
REFUSED: dict[str, tuple[dict[str, Any], type[ClaimError], str]] = {
    "no iss": ({"iss": ...}, ClaimMissing, "iss"),
    "another iss": ({"iss": "https://auth/"}, ClaimInvalid, "iss"),
    "part of the iss": ({"iss": "https://aut"}, ClaimInvalid, "iss"),
    "iss is an array": ({"iss": ["https://auth"]}, ClaimInvalid, "iss"),
    "no aud": ({"aud": ...}, ClaimMissing, "aud"),
    "another aud": ({"aud": "clinic2"}, ClaimInvalid, "aud"),
    "no audience at all": ({"aud": []}, ClaimInvalid, "aud"),
    "other audiences": ({"aud": ["a", "b"]}, ClaimInvalid, "aud"),
    "aud holds a number": ({"aud": ["clinic", 1]}, ClaimInvalid, "aud"),
    "aud is an object": ({"aud": {"clinic": 1}}, ClaimInvalid, "aud"),
    "no exp": ({"exp": ...}, ClaimMissing, "exp"),
    "exp is null": ({"exp": None}, ClaimInvalid, "exp"),
    "exp is true": ({"exp": True}, ClaimInvalid, "exp"),
    "exp is a text": ({"exp": "1700000060"}, ClaimInvalid, "exp"),
    "exp is NaN": ({"exp": float("nan")}, ClaimInvalid, "exp"),
    "exp is infinite": ({"exp": float("inf")}, ClaimInvalid, "exp"),
    "exp is huge": ({"exp": 10**400}, ClaimInvalid, "exp"),
    "exp is in milliseconds of the year 10000": ({"exp": 253_402_300_800}, ClaimInvalid, "exp"),
    "exp is negative": ({"exp": -1}, ClaimInvalid, "exp"),
    "exp is now": ({"exp": NOW}, Expired, "exp"),
    "exp has no leeway": ({"exp": 1_700_000_000}, Expired, "exp"),
    "nbf is ahead": ({"nbf": 1_700_000_031}, NotYetValid, "nbf"),
    "nbf is null": ({"nbf": None}, ClaimInvalid, "nbf"),
    "nbf is a text": ({"nbf": "0"}, ClaimInvalid, "nbf"),
    "nbf is negative": ({"nbf": -1}, ClaimInvalid, "nbf"),
    "iat is ahead": ({"iat": 1_700_000_031}, NotYetValid, "iat"),
    "iat is false": ({"iat": False}, ClaimInvalid, "iat"),
    "iat is beyond 9999": ({"iat": 10**15}, ClaimInvalid, "iat"),
    "no sub": ({"sub": ...}, ClaimMissing, "sub"),
    "sub is a number": ({"sub": 1}, ClaimInvalid, "sub"),
    "jti is null": ({"jti": None}, ClaimInvalid, "jti"),
}


def changed(changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (GOOD | changes).items() if value is not ...}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED)
def test_claims_pass(changes: dict[str, Any]) -> None:
    POLICY._judge(changed(changes), NOW)


@pytest.mark.parametrize(("changes", "error", "claim"), REFUSED.values(), ids=REFUSED)
def test_claims_are_refused_by_name(changes: dict[str, Any], error: type[ClaimError], claim: str) -> None:
    with pytest.raises(ClaimError) as caught:
        POLICY._judge(changed(changes), NOW)
    assert type(caught.value) is error
    assert caught.value.claim == claim


def test_a_clock_that_shows_nothing_refuses() -> None:
    with pytest.raises(Expired):
        POLICY._judge(GOOD, float("nan"))


def test_max_age_needs_iat_and_has_no_leeway() -> None:
    policy = Policy(
        issuer="https://auth", audience="clinic", typ="x", algorithms=frozenset({"ES256"}), max_age=10
    )
    policy._judge(GOOD | {"iat": NOW - 10}, NOW)
    with pytest.raises(TooOld) as caught:
        policy._judge(GOOD | {"iat": NOW - 10.5}, NOW)
    assert (caught.value.code, caught.value.claim) == ("too_old", "iat")
    with pytest.raises(ClaimMissing):
        policy._judge(GOOD, NOW)


TYPED: dict[str, dict[str, Any]] = {
    "nothing": {},
    "all": GOOD | {"nbf": 0, "iat": 1.5, "jti": "x"},
    "audiences in an array": {"aud": ["a", "b"]},
    "audiences in a tuple": {"aud": ("a", "b")},
}
MISTYPED: dict[str, dict[str, Any]] = {
    "iss": {"iss": 1},
    "sub": {"sub": None},
    "jti": {"jti": ["x"]},
    "aud": {"aud": {"a"}},
    "exp": {"exp": "soon"},
    "nbf": {"nbf": -1},
    "iat": {"iat": 10**12},
}


@pytest.mark.parametrize("claims", TYPED.values(), ids=TYPED)
def test_registered_claims_of_their_types_may_be_signed(claims: dict[str, Any]) -> None:
    check_types(claims)


@pytest.mark.parametrize("name", MISTYPED)
def test_a_registered_claim_of_another_type_may_not(name: str) -> None:
    with pytest.raises(ClaimInvalid) as caught:
        check_types(MISTYPED[name])
    assert caught.value.claim == name


def test_messages_name_the_claim_and_never_its_value() -> None:
    for changes, _, claim in REFUSED.values():
        with pytest.raises(JoseError) as caught:
            POLICY._judge(changed(changes), NOW)
        message = str(caught.value)
        assert claim in message or message == "the token has expired"
        value = changes[claim]
        assert value in (..., None, True, False, 1, -1, "0") or str(value) not in message
