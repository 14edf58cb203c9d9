"""One issuer watched by a real follower thread: the contract, the cache against the feed, who opens what."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.verifier.world import NOW, Clock, until

from gatepass.oauth import INACTIVE, AccessToken, Selects
from gatepass.testing import FakeIssuer
from gatepass.testing.network import FakeNetwork
from gatepass.verifier import (
    FetchFailed,
    Follower,
    Freshness,
    KeyTerms,
    Refused,
    TokenStale,
    Unauthenticated,
    Unavailable,
    Verifier,
    following,
)
from gatepass.verifier import verifier as verifier_module
from gatepass.verifier.challenge import answer
from gatepass.verifier.feed import FeedTerms
from gatepass.verifier.watch import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

ASK, ALLOW, DENY = (Freshness(max_staleness=60, on_stale=word) for word in ("ask", "allow", "deny"))


class Line(FakeNetwork):
    """A line to the issuer that counts its questions, and can be cut for the feed alone."""

    def __init__(self, issuer: FakeIssuer) -> None:
        super().__init__(issuer)
        self.cut = False
        self.asked = 0
        self.made = self.closed = 0
        self.answer: bytes | None = None
        self.silent = False

    def __call__(self) -> Line:
        self.made += 1
        return self

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        return await super().ask(url, pass_text=pass_text) if self.answer is None else self.answer

    async def get(self, url: str, *, patience: float = 0) -> Any:
        if self.cut:
            raise FetchFailed("unreachable")
        return await super().get(url, patience=patience)

    async def events(self, url: str, *, silence: float) -> Any:
        stream = super().events(url, silence=silence)
        try:
            async for page in stream:
                if self.cut:
                    raise FetchFailed("unreachable")
                yield page
        finally:
            await stream.aclose()

    async def close(self) -> None:
        self.closed += 1


class Service:
    """A verifier that has heard everything, and its line."""

    def __init__(self, clock: Clock, follower: Follower, **options: Any) -> None:
        self.clock = clock
        self.issuer = FakeIssuer(clock=clock)
        self.line = Line(self.issuer)
        given = {"audience": self.issuer.audience, "clock": clock, "follower": follower, **options}
        given.setdefault("feed", FeedTerms(silence=0.6, first_retry=0.01, longest_retry=0.01))
        self.checks = Verifier(issuer=self.issuer.issuer, make_fetch=self.line, **given)

    def fall_silent(self, seconds: float) -> None:
        """Cut the feed, and let time pass."""
        self.line.cut = True
        self.clock.pass_by(seconds)


@pytest.fixture
async def service(clock: Clock, follower: Follower) -> AsyncIterator[Service]:
    made = Service(clock, follower)
    await made.checks.ready()
    yield made
    await made.checks.close()


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


# The freshness contract


@pytest.mark.parametrize("freshness", [DENY, ALLOW, ASK], ids=lambda freshness: freshness.on_stale)
async def test_up_to_its_limit_every_contract_goes_on_from_memory(
    service: Service, freshness: Freshness
) -> None:
    token = service.issuer.token()
    service.fall_silent(60)
    assert (await service.checks.check(token, freshness=freshness)).subject == "ada"
    assert service.checks.check_waiting(token, freshness=freshness).subject == "ada"
    assert service.checks.check_token(token, freshness=freshness).subject == "ada"
    assert service.line.asked == 0


async def outcome(service: Service, token: str, freshness: Freshness) -> Refused | None:
    """Check both ways, which must come out alike."""
    found: list[Refused | None] = []
    for check in (
        service.checks.check(token, freshness=freshness),
        asyncio.to_thread(service.checks.check_waiting, token, freshness=freshness),
    ):
        try:
            await check
        except Refused as refusal:
            found.append(refusal)
        else:
            found.append(None)
    assert type(found[0]) is type(found[1])
    return found[0]


async def test_past_it_deny_says_503_with_retry_after_and_never_401(service: Service) -> None:
    token = service.issuer.token()
    service.fall_silent(60.5)
    refusal = await outcome(service, token, DENY)
    assert isinstance(refusal, Unavailable)
    assert refusal.reason == "view_too_old"
    headers = dict(answer(refusal, realm="my-site").headers)
    assert answer(refusal, realm="my-site").status == 503
    assert int(headers["retry-after"]) >= 1
    assert "www-authenticate" not in headers
    assert service.line.asked == 0


async def test_past_it_allow_goes_on_with_what_is_known(service: Service) -> None:
    service.issuer.kick("s1")
    known, token = service.issuer.token(sid="s1"), service.issuer.token()
    service.fall_silent(500)
    assert await outcome(service, token, ALLOW) is None
    assert isinstance(await outcome(service, known, ALLOW), Unauthenticated)
    service.clock.pass_by(100)
    refusal = await outcome(service, token, ALLOW)  # and not beyond the token's own end
    assert isinstance(refusal, Unauthenticated)
    assert refusal.reason == "expired"
    assert service.line.asked == 0


async def test_past_it_ask_takes_auths_word_and_keeps_it_as_long_as_a_view(service: Service) -> None:
    token = service.issuer.token(sid="s1")
    service.fall_silent(61)
    assert await outcome(service, token, ASK) is None
    assert service.line.asked == 1  # the second check had the answer of the first
    service.clock.pass_by(60)
    assert await outcome(service, token, ASK) is None
    assert service.line.asked == 1
    service.clock.pass_by(1)
    service.issuer._ended.add("s1")  # Auth knows, and the feed is cut
    refusal = await outcome(service, token, ASK)
    assert isinstance(refusal, Unauthenticated)
    assert refusal.reason == "inactive"
    assert service.line.asked == 3


async def test_past_it_auths_no_counts_for_every_guard_though_its_yes_is_younger_than_their_contract(
    service: Service,
) -> None:
    token, strict = service.issuer.token(sid="s1"), Freshness(max_staleness=10, on_stale="ask")
    service.fall_silent(61)
    assert await outcome(service, token, ASK) is None
    service.clock.pass_by(11)
    assert await outcome(service, token, ASK) is None
    service.issuer._ended.add("s1")
    assert isinstance(await outcome(service, token, strict), Unauthenticated)
    assert isinstance(await outcome(service, token, ASK), Unauthenticated)


async def test_past_it_ask_hears_that_a_token_is_stale(service: Service) -> None:
    token = service.issuer.token("ada")
    service.fall_silent(61)
    service.issuer._epochs["ada"] = 5
    assert isinstance(await outcome(service, token, ASK), TokenStale)
    assert service.checks.health().counts.stale == 2


@pytest.mark.parametrize(
    "said",
    [b"", b"<html>", b'{"active":true}', b'{"active":1}', b"[]"],
    ids=lambda said: said.decode() or "-",
)
async def test_past_it_ask_denies_when_the_answer_is_none(service: Service, said: bytes) -> None:
    token = service.issuer.token()
    service.fall_silent(61)
    service.line.answer = said
    assert isinstance(await outcome(service, token, ASK), Unavailable)
    service.line.answer = INACTIVE
    assert isinstance(await outcome(service, token, ASK), Unauthenticated)


async def test_past_it_ask_believes_no_answer_about_another(service: Service) -> None:
    token, other = service.issuer.token("ada"), service.issuer.token("bob")
    service.fall_silent(61)
    service.line.answer = service.issuer.check_token(other)
    assert isinstance(await outcome(service, token, ASK), Unavailable)
    assert await outcome(service, other, ASK) is None


async def test_past_it_ask_denies_when_auth_is_down_and_a_known_answer_still_counts(service: Service) -> None:
    asked, new = service.issuer.token(), service.issuer.token()
    service.fall_silent(61)
    assert await outcome(service, asked, ASK) is None
    service.issuer.down = True
    assert await outcome(service, asked, ASK) is None
    refusal = await outcome(service, new, ASK)
    assert isinstance(refusal, Unavailable)
    assert refusal.retry_after >= 1


async def test_past_it_ask_denies_when_auth_says_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier_module, "ASK_PATIENCE", 0.02)
    token = service.issuer.token()
    service.fall_silent(61)
    service.line.silent = True
    assert isinstance(await outcome(service, token, ASK), Unavailable)


async def test_past_it_ask_waits_for_no_follower_that_hangs(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier_module, "FOLLOWER_PATIENCE", 0.02)
    token = service.issuer.token()
    service.fall_silent(61)
    hanging, over = threading.Event(), threading.Event()

    async def hang() -> None:
        hanging.set()
        over.wait()  # as a disk does that does not answer

    service.checks._follower.call(hang())
    await asyncio.to_thread(hanging.wait)
    assert isinstance(await outcome(service, token, ASK), Unavailable)
    assert await outcome(service, token, ALLOW) is None  # from memory nobody waits
    over.set()


async def test_from_memory_alone_nobody_is_asked_whatever_the_contract(service: Service) -> None:
    token = service.issuer.token()
    service.fall_silent(61)
    with pytest.raises(Unavailable):
        service.checks.check_token(token, freshness=ASK)
    assert service.checks.check_token(token, freshness=ALLOW).subject == "ada"
    assert service.line.asked == 0


@pytest.mark.parametrize("freshness", [DENY, ASK, ALLOW], ids=lambda freshness: freshness.on_stale)
async def test_a_view_that_was_never_heard_is_too_old(
    clock: Clock, follower: Follower, freshness: Freshness
) -> None:
    service = Service(clock, follower)
    get = service.line.get

    async def all_but_the_feed(url: str, *, patience: float = 0) -> Any:
        if "/revocations" in url:
            raise FetchFailed("status_500")
        return await get(url, patience=patience)

    service.line.get = all_but_the_feed  # type: ignore[method-assign]
    with pytest.raises(Unavailable) as refusal:
        await service.checks.ready(0.05)
    assert refusal.value.reason == "no_view_yet"
    found = await outcome(service, service.issuer.token(), freshness)
    assert isinstance(found, Unavailable) if freshness is DENY else found is None
    assert service.line.asked == (freshness is ASK)
    assert service.checks.health().view_age is None


async def test_the_view_is_fresh_again_when_the_line_is_back(service: Service) -> None:
    token = service.issuer.token()
    service.fall_silent(61)
    assert isinstance(await outcome(service, token, DENY), Unavailable)
    service.line.cut = False
    await until(lambda: service.checks.health().view_age == 0)
    assert await outcome(service, token, DENY) is None


# Who opens what, and closes it


async def test_what_was_opened_to_ask_is_closed_with_the_verifier(clock: Clock, follower: Follower) -> None:
    service = Service(clock, follower)
    await service.checks.ready()
    service.fall_silent(61)
    await service.checks.check(service.issuer.token(), freshness=ASK)
    await service.checks.close()
    await until(lambda: service.line.closed == service.line.made == 3)  # keys, feed, questions


async def test_what_was_opened_to_ask_is_closed_when_the_verifier_is_let_go(
    clock: Clock, follower: Follower
) -> None:
    service = Service(clock, follower)
    await service.checks.ready()
    service.fall_silent(61)
    service.checks.check_waiting(service.issuer.token(), freshness=ASK)
    del service.checks
    gc.collect()
    await until(lambda: service.line.closed == service.line.made == 3)


async def test_what_was_opened_to_ask_is_closed_when_the_follower_stops(clock: Clock) -> None:
    follower = Follower()
    service = Service(clock, follower)
    await service.checks.ready()
    service.fall_silent(61)
    service.checks.check_waiting(service.issuer.token(), freshness=ASK)
    await asyncio.to_thread(follower.stop)
    assert service.line.closed == service.line.made == 3


async def test_sessions_that_were_asked_about_in_threads_are_closed_too(
    clock: Clock, follower: Follower
) -> None:
    issuer = FakeIssuer(clock=clock)
    line = Line(issuer)
    sessions = issuer.session_verifier(follower=follower)
    sessions._asking._make_fetch = line
    session = issuer.session()
    assert (await asyncio.to_thread(sessions.check_waiting, session)).subject == "ada"
    assert (await sessions.check(session)).subject == "ada"
    assert line.made == 2  # one pool for each loop
    await sessions.close()
    assert line.closed == 2


async def test_a_follower_that_never_began_is_not_begun_to_close(clock: Clock, follower: Follower) -> None:
    service = Service(clock, follower)
    before = threading.active_count()
    await service.checks.close()
    assert threading.active_count() == before


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
    """Unless it is woken, the feed waits for keys for ten seconds."""
    for _ in range(20):
        follower = Follower()
        service = Service(clock, follower, feed=FeedTerms(longest_retry=10))
        assert await service.checks.watch.ready(5)
        await asyncio.to_thread(follower.stop)


# Connections that stay open


@pytest.mark.parametrize("ending", ENDINGS)
async def test_who_waits_for_the_end_hears_when(service: Service, ending: str) -> None:
    principal = service.checks.check_token(service.issuer.token(sid="s1", jti="j1"))
    service.issuer.rotate_key()
    waiting = asyncio.create_task(service.checks.end_of(principal))
    await asyncio.sleep(0)
    end, reason = ENDINGS[ending]
    await asyncio.to_thread(end, service.issuer)
    async with asyncio.timeout(5):
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
