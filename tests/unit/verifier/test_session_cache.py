"""Session mode with a cache of a few seconds: it saves questions, and never lets in who was kicked out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.unit.verifier.watched import Line
from tests.unit.verifier.world import PATIENCE, Clock, until

from gatepass.oauth import Selects
from gatepass.testing import FakeIssuer
from gatepass.verifier import (
    FetchFailed,
    Follower,
    Freshness,
    Principal,
    SessionVerifier,
    Unauthenticated,
    Unavailable,
    Verifier,
)
from gatepass.verifier.feed import FeedTerms
from gatepass.verifier.session_verifier import REMEMBERED
from gatepass.verifier.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CACHE_FOR = 10


class Sessions:
    """A session verifier with a cache, whose watch has heard everything, and its line."""

    def __init__(self, clock: Clock, follower: Follower) -> None:
        self.clock = clock
        self.issuer = FakeIssuer(clock=clock)
        self.line = Line(self.issuer)
        terms = FeedTerms(silence=0.6, first_retry=0.01, longest_retry=0.01)
        self.watch = Watch(
            self.issuer.issuer, feed=terms, clock=clock, make_fetch=self.line, follower=follower
        )
        self.checks = SessionVerifier(
            issuer=self.issuer.issuer,
            audience=self.issuer.audience,
            cache_for=CACHE_FOR,
            watch=self.watch,
            clock=clock,
            make_fetch=self.line,
            follower=follower,
        )


@pytest.fixture
async def sessions(clock: Clock, follower: Follower) -> AsyncIterator[Sessions]:
    made = Sessions(clock, follower)
    assert await made.watch.ready(PATIENCE)
    yield made
    await made.checks.close()
    made.watch.close()


async def test_an_answer_is_used_again_for_as_long_as_was_said(sessions: Sessions) -> None:
    session = sessions.issuer.session()
    first = await sessions.checks.check(session)
    sessions.clock.pass_by(CACHE_FOR - 0.1)
    assert await sessions.checks.check(session) is first
    assert sessions.line.asked == 1
    sessions.clock.pass_by(0.1)
    assert await sessions.checks.check(session) is not first
    assert sessions.line.asked == 2
    health = sessions.checks.health()
    assert (health.counts.accepted, health.counts.accepted_from_cache, health.cached) == (2, 1, 1)


async def test_a_kicked_out_session_leaves_the_cache_at_once(sessions: Sessions) -> None:
    session, other = sessions.issuer.session(sid="s1"), sessions.issuer.session(sid="s2")
    await sessions.checks.check(session)
    kept = await sessions.checks.check(other)
    await asyncio.to_thread(sessions.issuer.kick, "s1")
    with pytest.raises(Unauthenticated):
        await sessions.checks.check(session)
    assert await sessions.checks.check(other) is kept
    assert sessions.line.asked == 3  # Auth was asked about the ended one, and only about that


async def test_a_session_whose_user_changed_is_asked_about_again(sessions: Sessions) -> None:
    session = sessions.issuer.session("ada")
    await sessions.checks.check(session)
    await asyncio.to_thread(sessions.issuer.change, "ada")
    assert (await sessions.checks.check(session)).subject == "ada"
    assert sessions.line.asked == 2


ORDERS: dict[str, Callable[[FakeIssuer], object]] = {
    "everything issued so far": lambda issuer: issuer.feed.publish(
        Selects.ALL, below=int(issuer.clock()) + 1
    ),
    "all of the client": lambda issuer: issuer.feed.publish(
        Selects.CLIENT_ID, "gatepass", below=int(issuer.clock()) + 1
    ),
    "all of a key": lambda issuer: issuer.feed.publish(Selects.KID, "another"),
}


@pytest.mark.parametrize("order", ORDERS)
async def test_orders_about_tokens_are_none_about_sessions(sessions: Sessions, order: str) -> None:
    session = sessions.issuer.session()
    first = await sessions.checks.check(session)
    await asyncio.to_thread(ORDERS[order], sessions.issuer)
    assert await sessions.checks.check(session) is first
    waiting = asyncio.create_task(sessions.checks.end_of(first))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()


async def test_while_the_feed_cannot_be_heard_auth_is_asked_each_time(sessions: Sessions) -> None:
    session = sessions.issuer.session()
    strict = Freshness(max_staleness=2)
    await sessions.checks.check(session, freshness=strict)
    sessions.line.cut = True
    sessions.clock.pass_by(3)
    for asked in (2, 3):
        await sessions.checks.check(session, freshness=strict)
        assert sessions.line.asked == asked
    await sessions.checks.check(session)  # whose contract is longer
    assert sessions.line.asked == 3


async def test_a_session_that_ends_by_itself_is_not_cached_beyond(sessions: Sessions) -> None:
    session = sessions.issuer.session(expires_in=5)
    await sessions.checks.check(session)
    sessions.clock.pass_by(5)
    with pytest.raises(Unauthenticated):
        await sessions.checks.check(session)


async def test_a_clock_that_was_set_back_makes_no_answer_live_longer(sessions: Sessions) -> None:
    session = sessions.issuer.session()
    await sessions.checks.check(session)
    sessions.clock.pass_by(-60)
    await sessions.checks.check(session)
    assert sessions.line.asked == 2


async def test_auth_that_is_down_is_503_and_what_was_asked_before_goes_on(sessions: Sessions) -> None:
    known, new = sessions.issuer.session(), sessions.issuer.session()
    await sessions.checks.check(known)
    sessions.issuer.down = True
    assert (await sessions.checks.check(known)).subject == "ada"
    with pytest.raises(Unavailable):
        await sessions.checks.check(new)


async def test_a_kick_while_auth_is_being_asked_is_seen_by_the_next_check(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = sessions.issuer.session(sid="s1")
    ask = sessions.line.ask

    async def kicked_after_the_answer(url: str, *, pass_text: str) -> bytes:
        answer = await ask(url, pass_text=pass_text)
        await asyncio.to_thread(sessions.issuer.kick, "s1")
        return answer

    monkeypatch.setattr(sessions.line, "ask", kicked_after_the_answer)
    assert (await sessions.checks.check(session)).session == "s1"  # Auth said so, before
    monkeypatch.undo()
    with pytest.raises(Unauthenticated):
        await sessions.checks.check(session)


async def test_the_first_check_follows_the_feed(clock: Clock, follower: Follower) -> None:
    sessions = Sessions(clock, follower)
    await sessions.checks.check(sessions.issuer.session())
    await until(lambda: sessions.watch.is_ready)
    assert sessions.checks.health().following
    await sessions.checks.close()


async def test_start_up_learns_where_to_ask_or_says_that_it_cannot(sessions: Sessions) -> None:
    sessions.issuer.down = True
    with pytest.raises(Unavailable):
        await sessions.checks.ready(PATIENCE)
    sessions.issuer.down = False
    await sessions.checks.ready(PATIENCE)

    async def never(url: str, *, patience: float = 0) -> object:
        await asyncio.Event().wait()
        raise FetchFailed("unreachable")

    sessions.line.get = never  # type: ignore[method-assign]
    sessions.checks._asking._issuer.forget()
    with pytest.raises(Unavailable) as refusal:
        await sessions.checks.ready(0.01)
    assert refusal.value.reason == "timed_out"


# Sockets, while the feed is cut


@pytest.fixture
def waits(sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time pass by at once for which a socket waits."""

    async def wait(principal: Principal, *, within: float) -> None:
        sessions.clock.pass_by(within + 0.1)

    monkeypatch.setattr(sessions.watch.waiters, "wait", wait)


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("waited", [0, CACHE_FOR - 1], ids=["asked just now", "out of the cache"])
async def test_a_socket_stays_no_longer_than_the_contract_after_the_answer(
    sessions: Sessions, waited: int
) -> None:
    session, contract = sessions.issuer.session(), Freshness(max_staleness=2 * CACHE_FOR)
    began = sessions.clock.now
    asked = await sessions.checks.check(session, freshness=contract)
    sessions.line.cut = True
    sessions.clock.pass_by(waited)
    assert await sessions.checks.check(session, freshness=contract) is asked
    refusal = await sessions.checks.end_of(asked, freshness=contract)
    assert refusal.reason == "view_too_old"
    assert sessions.clock.now < began + contract.max_staleness + 1


@pytest.mark.usefixtures("waits")
@pytest.mark.parametrize("contract", [Freshness(max_staleness=86_400), Freshness(on_stale="allow")])
async def test_no_contract_keeps_a_socket_for_longer_than_the_feed_remembers_its_end(
    sessions: Sessions, contract: Freshness
) -> None:
    principal = await sessions.checks.check(sessions.issuer.session(expires_in=14 * 86_400))
    began = sessions.clock.now
    sessions.line.cut = True
    assert (await sessions.checks.end_of(principal, freshness=contract)).reason == "view_too_old"
    assert began + REMEMBERED <= sessions.clock.now < began + REMEMBERED + 1


# What cannot be


def test_a_watch_of_another_issuer_would_never_hear_who_is_kicked_out(
    clock: Clock, follower: Follower
) -> None:
    issuer, other = FakeIssuer(clock=clock), FakeIssuer("https://other.example", clock=clock)
    with pytest.raises(ValueError):
        issuer.session_verifier(watch=other.verifier(follower=follower).watch)
    issuer.session_verifier(watch=issuer.verifier(follower=follower).watch)


def test_a_cache_needs_a_watch_that_follows_the_feed(clock: Clock, follower: Follower) -> None:
    issuer = FakeIssuer(clock=clock)
    deaf = issuer.verifier(feed=None, follower=follower).watch
    with pytest.raises(ValueError):
        issuer.session_verifier(watch=deaf, cache_for=CACHE_FOR)
    issuer.session_verifier(watch=deaf)


async def test_a_watch_that_was_lent_goes_on_when_the_session_verifier_is_closed(sessions: Sessions) -> None:
    await sessions.checks.close()
    assert sessions.watch.following.alive


def test_what_makes_no_sense_cannot_be_asked_for(clock: Clock, follower: Follower) -> None:
    issuer = FakeIssuer(clock=clock)
    for cache_for in (-1, REMEMBERED + 1):
        with pytest.raises(ValueError):
            issuer.session_verifier(cache_for=cache_for)
    issuer.session_verifier(cache_for=REMEMBERED)
    for seconds in (0.5, 86_401):
        with pytest.raises(ValueError):
            Freshness(max_staleness=seconds)
    with pytest.raises(ValueError):
        Freshness(on_stale="shrug")  # type: ignore[arg-type]


async def test_an_issuer_that_names_no_place_to_ask_is_503(clock: Clock, follower: Follower) -> None:
    issuer = FakeIssuer(clock=clock)
    line = Line(issuer)
    said = issuer.metadata()
    without = type(said)(issuer=said.issuer, jwks_uri=said.jwks_uri)
    issuer.metadata = lambda: without  # type: ignore[method-assign]
    checks = Verifier(
        issuer=issuer.issuer,
        audience=issuer.audience,
        clock=clock,
        make_fetch=line,
        follower=follower,
        feed=FeedTerms(first_retry=0.01, longest_retry=0.01),
    )
    checks.watch.follow()
    await until(lambda: checks.watch.keys.view is not None)
    with pytest.raises(Unavailable):
        await checks.check(issuer.token(), freshness=Freshness(on_stale="ask"))
    await checks.close()
