"""How a pass is taken out of a request, what may be demanded of it, and how a refusal is answered."""

import json
from dataclasses import FrozenInstanceError
from types import MappingProxyType

import pytest

from gatepass.verifier import (
    Bearer,
    Cookie,
    CrossSite,
    Forbidden,
    Freshness,
    Guard,
    LoginTooOld,
    MalformedRequest,
    PassMissing,
    Principal,
    Refused,
    RequestHead,
    Requirement,
    Unauthenticated,
    Unavailable,
    demand,
    fresh_login,
    permission,
    role,
    scope,
)
from gatepass.verifier.challenge import answer
from gatepass.verifier.freshness import DEFAULT

ADA = Principal(
    subject="ada",
    session="s",
    epoch=0,
    auth_time=0,
    expires_at=10,
    mode="token",
    roles=frozenset({"doctor"}),
    permissions=frozenset({"appointments:read"}),
    scopes=frozenset({"profile"}),
    email="ada@clinic.example",
)

COOKIE = Cookie("pass", origins=frozenset({"https://clinic.example"}))


NOW = 5.0


class Knows:
    """A verifier that knows one pass."""

    audience = "clinic"

    def clock(self) -> float:
        return NOW

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        return self.check_waiting(pass_text)

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        if pass_text != "good":
            raise Unauthenticated("unknown")
        return ADA

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:
        raise NotImplementedError

    async def ready(self, within: float = 5) -> None: ...

    async def close(self) -> None: ...


def head(method: str = "GET", **headers: str) -> RequestHead:
    return RequestHead(
        method, [(n.replace("_", "-").encode(), v.encode("latin-1")) for n, v in headers.items()]
    )


def test_without_a_pass_there_is_none() -> None:
    assert Bearer().find(head()) is None
    assert COOKIE.find(head(cookie="other=1; pass=; theme=dark")) is None


@pytest.mark.parametrize("value", ["Bearer good", "bearer good", "BEARER   good"])
def test_the_bearer_scheme_is_read_in_any_case(value: str) -> None:
    assert Bearer().find(head(authorization=value)) == "good"


def test_another_scheme_is_not_a_pass_of_ours() -> None:
    assert Bearer().find(head(authorization="Basic Zm9vOmJhcg==")) is None


@pytest.mark.parametrize(
    "cookies", ["pass=good", "theme=dark; pass=good", "pass=good;theme=dark", "xpass=1; pass=good"]
)
def test_the_cookie_is_found_among_others(cookies: str) -> None:
    assert COOKIE.find(head(cookie=cookies)) == "good"


@pytest.mark.parametrize("value", ['"good"', "go od", "gö", "a,b"])
def test_a_cookie_value_outside_the_grammar_is_refused(value: str) -> None:
    with pytest.raises(MalformedRequest):
        COOKIE.find(head(cookie=f"pass={value}"))


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a;b", "ä"])
def test_a_cookie_needs_a_name_by_the_standard(name: str) -> None:
    with pytest.raises(ValueError):
        Cookie(name)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "*",
        "clinic.example",
        "https://clinic.example/",
        "https://Clinic.example",
        "http://clinic.example",
    ],
)
def test_an_origin_is_scheme_host_and_port(origin: str) -> None:
    with pytest.raises(ValueError):
        Cookie("pass", origins=frozenset({origin}))
    Cookie("pass", origins=frozenset({"https://clinic.example:8443", "http://127.0.0.1:8000"}))


async def test_the_first_way_that_has_a_pass_counts() -> None:
    guard = Guard(Knows(), (Bearer(), COOKIE))
    assert await guard.user_or_none(head(authorization="Bearer good", cookie="pass=bad")) is ADA
    assert await guard.user_or_none(head(cookie="pass=good")) is ADA
    with pytest.raises(Unauthenticated):
        await guard.user_or_none(head(authorization="Bearer bad", cookie="pass=good"))


async def test_no_pass_is_none_or_a_refusal_as_asked() -> None:
    guard = Guard(Knows())
    assert await guard.user_or_none(head()) is None
    with pytest.raises(PassMissing):
        guard.demand(None)


def test_a_guard_without_a_way_to_carry_cannot_be_made() -> None:
    with pytest.raises(ValueError):
        Guard(Knows(), ())


@pytest.mark.parametrize("requirement", [permission("appointments:read"), role("doctor"), scope("profile")])
def test_who_holds_it_passes(requirement: Requirement) -> None:
    assert demand(ADA, requirement, now=NOW) is ADA


@pytest.mark.parametrize(
    "requirement",
    [
        permission("appointments:write"),
        permission("appointments"),
        permission("doctor"),
        role("appointments:read"),
        role("Doctor"),
        scope("doctor"),
    ],
)
def test_who_does_not_hold_exactly_it_is_forbidden(requirement: Requirement) -> None:
    with pytest.raises(Forbidden):
        demand(ADA, requirement, now=NOW)


async def test_who_is_refused_what_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="gatepass.verifier")
    guard = Guard(Knows(), (COOKIE, Bearer()))
    ada = await guard.user_or_none(head(authorization="Bearer good"))
    assert guard.demand(ada, permission("appointments:read")) is ADA
    assert not caplog.records
    with pytest.raises(Forbidden):
        guard.demand(ada, permission("appointments:write"))
    with pytest.raises(CrossSite) as refused:
        await guard.user_or_none(head("POST", cookie="pass=good"))
    guard.answer(refused.value)
    assert [record.getMessage() for record in caplog.records] == [
        "access refused: needs_permission appointments:write user='ada'",
        f"request refused: {refused.value.reason}",
    ]


def test_a_log_in_too_long_ago_is_asked_for_anew() -> None:
    assert demand(ADA, fresh_login(within=5), now=NOW) is ADA
    with pytest.raises(LoginTooOld) as refused:
        demand(ADA, fresh_login(within=5), now=NOW + 0.5)
    challenge = str(answer(refused.value, realm="clinic").headers)
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'max_age="5"' in challenge


def test_all_demands_must_be_met_and_nobody_meets_none() -> None:
    with pytest.raises(Forbidden):
        demand(ADA, role("doctor"), role("admin"), now=NOW)
    with pytest.raises(PassMissing):
        demand(None, now=NOW)


@pytest.mark.parametrize("name", ["", "two words", 'a"b', "a\r\nSet-Cookie: x", "ä"])
def test_a_requirement_is_one_word(name: str) -> None:
    with pytest.raises(Exception, match=r"word|ASCII"):
        permission(name)


@pytest.mark.parametrize(
    ("refusal", "status", "code", "challenge"),
    [
        (PassMissing(), 401, "unauthenticated", 'Bearer realm="clinic"'),
        (Unauthenticated("expired"), 401, "invalid_token", 'Bearer realm="clinic", error="invalid_token"'),
        (
            Unauthenticated("bad_signature"),
            401,
            "invalid_token",
            'Bearer realm="clinic", error="invalid_token"',
        ),
        (MalformedRequest("two"), 400, "invalid_request", 'Bearer realm="clinic", error="invalid_request"'),
        (
            Forbidden("permission", "a:b"),
            403,
            "insufficient_scope",
            'Bearer realm="clinic", error="insufficient_scope"',
        ),
        (
            Forbidden("scope", "mail"),
            403,
            "insufficient_scope",
            'Bearer realm="clinic", error="insufficient_scope", scope="mail"',
        ),
        (CrossSite("cross_site"), 403, "csrf", None),
        (Unavailable("no_keys_yet", retry_after=7), 503, "unavailable", None),
    ],
)
def test_a_refusal_is_answered_with_problem_details_and_a_challenge(
    refusal: Refused, status: int, code: str, challenge: str | None
) -> None:
    said = answer(refusal, realm="clinic")
    headers = dict(said.headers)
    problem = json.loads(said.body)
    assert said.status == problem["status"] == status
    assert problem["code"] == code
    assert headers["content-type"] == "application/problem+json"
    assert headers["cache-control"] == "no-store"
    assert headers.get("www-authenticate") == challenge
    assert headers.get("retry-after") == ("7" if status == 503 else None)
    assert refusal.reason == code or refusal.reason not in said.body.decode()


def test_every_cause_of_an_invalid_token_gets_the_same_answer() -> None:
    answers = {
        answer(Unauthenticated(reason), realm="clinic") for reason in ("expired", "malformed", "inactive")
    }
    assert len(answers) == 1


def test_a_principal_cannot_be_changed_and_shows_no_name_in_a_log() -> None:
    with pytest.raises(FrozenInstanceError):
        ADA.subject = "eve"  # type: ignore[misc]
    assert isinstance(ADA.claims, MappingProxyType)
    assert "clinic.example" not in repr(ADA)
