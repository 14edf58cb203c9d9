"""One issuer watched by a real follower thread: the cache against the feed, connections, keys and clocks."""

from __future__ import annotations

import asyncio
import gc
import random
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.verifier.watched import ALLOW, ASK, DENY, Service
from tests.unit.verifier.world import NOW, PATIENCE, Clock, until

from gatepass.oauth import AccessToken, Selects
from gatepass.testing import FakeIssuer
from gatepass.verifier import Follower, KeyTerms, TokenStale, Unauthenticated, Unavailable, following
from gatepass.verifier import verifier as verifier_module
from gatepass.verifier.feed import FeedTerms
from gatepass.verifier.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable


# What a token that was seen before is worth

ENDINGS: dict[str, tuple[Callable[[FakeIssuer], object], str]] = {
    "its session is ended": (lambda issuer: issuer.kick("s1"), "revoked_sid"),
    "it is revoked by itself": (lambda issuer: issuer.revoke_token("j1"), "revoked_jti"),
    "its user is logged out everywhere": (lambda issuer: issuer.log_out_everywhere("ada"), "revoked_sub"),
    "its user's roles change": (lambda issuer: issuer.change("ada"), "token_stale"),
    "its client's tokens are revoked": (
        lambda issuer: issuer.feed.publish(Selects.CLIENT_ID, "gatepass", below=int(NOW) + 1),
        "revoked_client_id",
    ),
    "its key is revoked": (
        lambda issuer: issuer.feed.publish(Selects.KID, str(issuer._old_keys[0].kid)),
        "revoked_kid",
    ),
    "everything is revoked": (
        lambda issuer: issuer.feed.publish(Selects.ALL, below=int(NOW) + 1),
        "revoked_all",
    ),
}

OTHERS: dict[str, Callable[[FakeIssuer], object]] = {
    "another session is ended": lambda issuer: issuer.kick("s2"),
    "another token is revoked": lambda issuer: issuer.revoke_token("j2"),
    "another user is logged out": lambda issuer: issuer.log_out_everywhere("bob"),
    "another user's roles change": lambda issuer: issuer.change("bob"),
    "another client's tokens are revoked": lambda issuer: issuer.feed.publish(
        Selects.CLIENT_ID, "another", below=int(NOW) + 1
    ),
    "earlier tokens of the client are revoked": lambda issuer: issuer.feed.publish(
        Selects.CLIENT_ID, "gatepass", below=int(NOW)
    ),
    "another key is revoked": lambda issuer: issuer.feed.publish(Selects.KID, "another"),
    "everything earlier is revoked": lambda issuer: issuer.feed.publish(Selects.ALL, below=int(NOW)),
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_token_seen_before_ends_when(service: Service, ending: str) -> None:
    token = service.issuer.token(sid="s1", jti="j1")
    service.issuer.rotate_key()  # the new one signs the pages: one of a revoked key would not be believed
    assert service.checks.check_token(token) is service.checks.check_token(token)
    end, reason = ENDINGS[ending]
    end(service.issuer)
    for _ in range(2):  # and again, from the cache or not
        with pytest.raises(Unauthenticated) as refusal:
            service.checks.check_token(token)
        assert refusal.value.reason == reason
        assert isinstance(refusal.value, TokenStale) == (reason == "token_stale")


@pytest.mark.parametrize("other", OTHERS)
async def test_a_token_seen_before_stays_when(service: Service, other: str) -> None:
    token = service.issuer.token(sid="s1", jti="j1")
    first = service.checks.check_token(token)
    OTHERS[other](service.issuer)
    assert service.checks.check_token(token) is first


async def test_the_random_numbers_that_a_service_draws_are_its_own(
    clock: Clock, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    def draw() -> float:
        drawn.append(threading.current_thread().name)
        return 0.5

    monkeypatch.setattr(random, "random", draw)
    await Service(clock, follower).checks.ready()
    assert drawn == []


async def test_what_is_renewed_after_a_change_holds(service: Service) -> None:
    service.issuer.change("ada")
    assert service.checks.check_token(service.issuer.token("ada")).subject == "ada"


async def test_a_kick_between_the_check_of_a_signature_and_the_cache_is_seen(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = service.issuer.token(sid="s1")

    class KickedMeanwhile:
        @staticmethod
        def from_claims(claims: Any) -> AccessToken:
            service.issuer.kick("s1")
            return AccessToken.from_claims(claims)

    monkeypatch.setattr(verifier_module, "AccessToken", KickedMeanwhile)
    with pytest.raises(Unauthenticated):
        service.checks.check_token(token)
    monkeypatch.undo()
    with pytest.raises(Unauthenticated):
        service.checks.check_token(token)


async def test_a_kick_between_the_look_and_the_cache_is_seen_by_the_next_check(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = service.issuer.token(sid="s1")
    verdict = service.checks.watch.revocations.verdict

    def kicked_after_it(principal: Any) -> Any:
        found = verdict(principal)
        service.issuer.kick("s1")
        return found

    monkeypatch.setattr(service.checks.watch.revocations, "verdict", kicked_after_it)
    assert service.checks.check_token(token).session == "s1"  # it was asked before the kick
    monkeypatch.undo()
    with pytest.raises(Unauthenticated):
        service.checks.check_token(token)


async def test_no_thread_accepts_a_session_after_the_kick_has_returned(service: Service) -> None:
    """Fifty rounds: threads check without pause, one kicks; whatever is accepted had begun before."""
    accepted_late: list[str] = []

    def check_on(token: str, kicked: threading.Event, started: threading.Barrier) -> None:
        started.wait()
        late = False
        while not late:
            late = kicked.is_set()  # before the check: then it began after the kick had returned
            try:
                service.checks.check_token(token)
            except Unauthenticated:
                return
        accepted_late.append(token)

    def one_round(number: int) -> None:
        token = service.issuer.token(sid=f"round-{number}")
        kicked, started = threading.Event(), threading.Barrier(4)
        threads = [threading.Thread(target=check_on, args=(token, kicked, started)) for _ in range(3)]
        for thread in threads:
            thread.start()
        started.wait()
        service.issuer.kick(f"round-{number}")
        kicked.set()
        for thread in threads:
            thread.join()

    for number in range(50):
        await asyncio.to_thread(one_round, number)
    assert accepted_late == []


# Following


async def test_a_turn_that_fails_in_a_way_nobody_thought_of_ends_no_following(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(following, "TURN_AGAIN", 0.01)
    turns: list[float] = []

    class Broken:
        async def turn(self, fetch: object) -> float:
            turns.append(1)
            raise RuntimeError("nobody thought of this")

        def woken(self) -> None: ...

    broken = Broken()
    service.checks._follower.follow(broken, service.line)
    await until(lambda: len(turns) > 2)
    service.checks._follower.unfollow(broken)
    assert "does not know" in caplog.text


async def test_keys_that_come_at_once_wake_the_feed(clock: Clock) -> None:
    """Unless it is woken, the feed waits for keys for ten times as long as we do."""
    for _ in range(20):
        follower = Follower()
        service = Service(clock, follower, feed=FeedTerms(longest_retry=10 * PATIENCE))
        assert await service.checks.watch.ready(PATIENCE)
        await asyncio.to_thread(follower.stop, timeout=PATIENCE)


# Connections that stay open


@pytest.mark.parametrize("ending", ENDINGS)
async def test_who_waits_for_the_end_hears_when(service: Service, ending: str) -> None:
    principal = service.checks.check_token(service.issuer.token(sid="s1", jti="j1"))
    service.issuer.rotate_key()
    waiting = asyncio.create_task(service.checks.end_of(principal))
    await asyncio.sleep(0)
    end, reason = ENDINGS[ending]
    await asyncio.to_thread(end, service.issuer)
    async with asyncio.timeout(PATIENCE):
        assert (await waiting).reason == reason


async def test_who_waits_for_the_end_hears_of_the_pass_and_of_the_contract(service: Service) -> None:
    principal = service.checks.check_token(service.issuer.token())
    service.fall_silent(61)
    for freshness in (DENY, ASK):
        refusal = await service.checks.end_of(principal, freshness=freshness)
        assert (type(refusal), refusal.reason) == (Unavailable, "view_too_old")
    waiting = asyncio.create_task(service.checks.end_of(principal, freshness=ALLOW))
    await asyncio.sleep(0)
    assert not waiting.done()
    waiting.cancel()
    service.clock.pass_by(600)
    assert (await service.checks.end_of(principal, freshness=ALLOW)).reason == "expired"


# Keys and clocks


async def test_a_clock_that_was_set_back_does_not_silence_unknown_kids(
    clock: Clock, follower: Follower
) -> None:
    service = Service(clock, follower, terms=KeyTerms())
    await service.checks.ready()
    keys = service.checks.watch.keys
    keys.fetch_early(now=clock())
    assert not keys.may_fetch_early(now=clock() + 29)
    assert keys.may_fetch_early(now=clock() - 3_600)
    keys.hold(service.issuer.jwks())  # what nobody publishes is not fetched, whatever kid comes
    assert not keys.may_fetch_early(now=clock())
    assert not keys.may_fetch_early(now=clock() + 3_600)


def test_a_watch_that_is_let_go_before_its_work_is_called_back_is_no_error() -> None:
    issuer = FakeIssuer()
    watch = Watch(issuer.issuer, make_fetch=issuer.network)
    assert watch._key_work is not None
    called_back = watch._key_work._fetched
    del watch
    gc.collect()
    called_back()
