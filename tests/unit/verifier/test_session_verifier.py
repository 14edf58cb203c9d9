"""Session mode: Auth is asked once a check, is told the pass alone, and an outage is not a refusal."""

import asyncio
import logging

import pytest
from tests.unit.verifier.world import (
    AUDIENCE,
    ISSUER,
    NOW,
    SESSION_CHECK,
    SESSION_PASS,
    Clock,
    Network,
    introspection,
    network,
    token,
    verifier,
)

from gatepass.oauth import INACTIVE, metadata_url
from gatepass.verifier import (
    EitherVerifier,
    FetchFailed,
    Follower,
    Principal,
    SessionVerifier,
    Unauthenticated,
    Unavailable,
)


@pytest.fixture
def net() -> Network:
    net = network()
    net.answers[SESSION_CHECK] = introspection()
    return net


@pytest.fixture
def sessions(net: Network, clock: Clock) -> SessionVerifier:
    return SessionVerifier(issuer=ISSUER, audience=AUDIENCE, clock=clock, make_fetch=net)


async def test_a_session_that_holds_gives_its_principal(sessions: SessionVerifier) -> None:
    principal = await sessions.check(SESSION_PASS)
    assert principal.subject == "ada"
    assert principal.mode == "session"
    assert principal.permissions == {"appointments:read"}
    assert principal.claims["sid"] == "S" * 22


async def test_both_modes_give_the_same_principal(
    sessions: SessionVerifier, net: Network, clock: Clock, follower: Follower
) -> None:
    tokens = verifier(net, clock, follower)
    await tokens.ready()
    one, other = await tokens.check(token()), await sessions.check(SESSION_PASS)
    differing = {
        name
        for name in Principal.__slots__
        if name != "claims" and getattr(one, name) != getattr(other, name)
    }
    assert differing == {"mode", "kid"}


async def test_each_check_is_one_request_and_the_metadata_is_read_once(
    sessions: SessionVerifier, net: Network
) -> None:
    await asyncio.gather(*(sessions.check(SESSION_PASS) for _ in range(4)))
    await sessions.check(SESSION_PASS)
    assert net.count(metadata_url(ISSUER)) == 1
    assert net.count(SESSION_CHECK) == 5
    assert net.passes == [SESSION_PASS] * 5
    assert net.made == 1


@pytest.mark.parametrize(
    "pass_text",
    [
        "",
        "gps_",
        "gps_" + "A" * 42,
        "gps_" + "A" * 44,
        SESSION_PASS + "\n",
        "GPS_" + "A" * 43,
        "a.b.c",
        "gps_" + "=" * 43,
    ],
)
async def test_what_has_not_the_shape_of_a_session_id_is_refused_without_asking(
    sessions: SessionVerifier, net: Network, pass_text: str
) -> None:
    with pytest.raises(Unauthenticated):
        await sessions.check(pass_text)
    assert net.asked == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (INACTIVE, "inactive"),
        (introspection(iss=ISSUER + "/evil"), "wrong_issuer"),
        (introspection(aud="billing"), "wrong_audience"),
        (introspection(exp=int(NOW)), "expired"),
    ],
)
async def test_a_session_that_does_not_hold_is_401(
    sessions: SessionVerifier, net: Network, answer: bytes, reason: str
) -> None:
    net.answers[SESSION_CHECK] = answer
    with pytest.raises(Unauthenticated) as refusal:
        await sessions.check(SESSION_PASS)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    "answer",
    [
        FetchFailed("unreachable"),
        FetchFailed("timed_out"),
        FetchFailed("status_500"),
        FetchFailed("status_401"),
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"active":"true"}',
        b'{"active":1}',
        b'{"active":true}',
        b'{"active":true,"sub":"ada"}',
        b"<html>",
        b"\xff",
    ],
    ids=repr,
)
async def test_when_auth_cannot_be_asked_that_is_503_and_never_401(
    sessions: SessionVerifier, net: Network, answer: bytes | Exception
) -> None:
    net.answers[SESSION_CHECK] = answer
    with pytest.raises(Unavailable) as refusal:
        await sessions.check(SESSION_PASS)
    assert refusal.value.retry_after >= 1
    net.answers[SESSION_CHECK] = introspection()
    assert (await sessions.check(SESSION_PASS)).subject == "ada"


async def test_an_endpoint_that_moved_is_found_again(sessions: SessionVerifier, net: Network) -> None:
    await sessions.ready()
    net.answers[SESSION_CHECK] = FetchFailed("status_404")
    with pytest.raises(Unavailable):
        await sessions.check(SESSION_PASS)
    net.answers[SESSION_CHECK] = introspection()
    await sessions.check(SESSION_PASS)
    assert net.count(metadata_url(ISSUER)) == 2


async def test_a_crowd_before_an_auth_that_does_not_answer_waits_once(
    sessions: SessionVerifier, net: Network
) -> None:
    net.answers[metadata_url(ISSUER)] = FetchFailed("timed_out")
    crowd = await asyncio.gather(*(sessions.check(SESSION_PASS) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(answer, Unavailable) for answer in crowd)
    assert net.count(metadata_url(ISSUER)) == 1
    net.answers |= network().answers  # the twin: the next one tries again, and all get in
    crowd = await asyncio.gather(*(sessions.check(SESSION_PASS) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(answer, Principal) for answer in crowd)
    assert net.count(metadata_url(ISSUER)) == 2


async def test_ready_says_when_auth_is_not_there(sessions: SessionVerifier, net: Network) -> None:
    net.answers[metadata_url(ISSUER)] = FetchFailed("unreachable")
    with pytest.raises(Unavailable):
        await sessions.ready()


async def test_close_closes_the_connections_of_this_loop(sessions: SessionVerifier, net: Network) -> None:
    await sessions.close()
    assert net.closed == 0
    await sessions.ready()
    await sessions.close()
    assert net.closed == 1


async def test_the_log_never_has_the_pass(
    sessions: SessionVerifier, net: Network, caplog: pytest.LogCaptureFixture
) -> None:
    net.answers[SESSION_CHECK] = INACTIVE
    with caplog.at_level(logging.DEBUG), pytest.raises(Unauthenticated) as refusal:
        await sessions.check(SESSION_PASS)
    assert "code=inactive" in caplog.text
    assert SESSION_PASS not in caplog.text
    assert SESSION_PASS not in repr(refusal.value)


async def test_either_verifier_lets_the_shape_of_the_pass_decide_who_checks(
    sessions: SessionVerifier, net: Network, clock: Clock, follower: Follower
) -> None:
    either = EitherVerifier(tokens=verifier(net, clock, follower), sessions=sessions)
    await either.ready()
    assert (await either.check(token())).mode == "token"
    assert net.passes == []
    assert (await either.check(SESSION_PASS)).mode == "session"
    with pytest.raises(Unauthenticated) as refusal:
        await either.check("gps_truncated")
    assert refusal.value.reason == "malformed"
    await either.close()


def test_either_verifier_is_for_one_audience(
    sessions: SessionVerifier, clock: Clock, follower: Follower
) -> None:
    other = SessionVerifier(issuer=ISSUER, audience="billing", clock=clock)
    with pytest.raises(ValueError):
        EitherVerifier(tokens=sessions, sessions=other)
