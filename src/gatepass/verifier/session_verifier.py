"""Session mode: Auth is asked about each pass, one request a check."""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from gatepass.oauth import Introspection, IntrospectionInvalid, is_session_pass
from gatepass.verifier.asking import Asking
from gatepass.verifier.cache import Held, TokenCache
from gatepass.verifier.errors import Unauthenticated, Unavailable
from gatepass.verifier.fetch import FetchFailed, HttpFetch, require_http_client
from gatepass.verifier.follower import process_follower
from gatepass.verifier.freshness import DEFAULT, Freshness
from gatepass.verifier.health import Counts
from gatepass.verifier.issuer import Issuer
from gatepass.verifier.principal import Principal
from gatepass.verifier.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.errors import Refused
    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.follower import Follower
    from gatepass.verifier.health import Health

log: Final = logging.getLogger("gatepass.verifier")

RETRY_AFTER: Final = 2  # seconds: Auth starts in less than one

REMEMBERED: Final = 3_600
"""Seconds for which the feed remembers a session that ended, which is how long tokens can live. Sessions live
for weeks: who heard nothing for so long asks Auth anew, or would never hear of the end."""


class SessionVerifier:
    """Checks session ids by asking Auth's `session_check_endpoint`, over a pool of connections.

    When Auth cannot be asked, that is `Unavailable`: a user whose session holds is never told to log in
    because of an outage.

    Args:
        issuer: Auth.
        audience: the name of this Service, as Auth's answers call it.
        timeout: seconds for one question.
        cache_for: seconds that an answer is used again, 3600 at most. The revocation feed is followed
            meanwhile, so a session that ends leaves the cache at once; while the feed cannot be heard (past
            the guard's `max_staleness`), Auth is asked each time.
        watch: what follows the feed, for the cache and for connections that stay open; its own by default.
            A Service that takes both modes lends `Verifier.watch`, so that the feed is followed once.
        cache_size: answers that are remembered.
        clock, make_fetch, follower: as for a `Verifier`.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        timeout: float = 5,
        cache_for: float = 0,
        watch: Watch | None = None,
        cache_size: int = 10_000,
        clock: Callable[[], float] = time.time,
        make_fetch: Callable[[], Fetch] | None = None,
        follower: Follower | None = None,
    ) -> None:
        if not 0 <= cache_for <= REMEMBERED:
            raise ValueError(f"cache_for is 0 to {REMEMBERED} seconds")
        if watch is not None:
            _check_watch(watch, issuer=issuer, cache_for=cache_for)
        self.audience = audience
        self.clock = clock
        if make_fetch is None:
            require_http_client()
        self._issuer = issuer
        self._asking = Asking(
            Issuer(issuer, algorithms=frozenset()),
            endpoint="session_check_endpoint",
            make_fetch=make_fetch or (lambda: HttpFetch(timeout=timeout)),
        )
        self._timeout = timeout
        self._cache_for = cache_for
        self._cache = TokenCache(limit=cache_size)
        self._watch = watch or Watch(issuer, clock=clock, make_fetch=make_fetch, follower=follower)
        self._is_lent = watch is not None
        self._follower = follower or process_follower()
        self._follower.lend(self._asking)
        weakref.finalize(self, self._follower.close, self._asking).atexit = False
        self._counts = Counts()

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Ask Auth whether the session holds, and whose it is. Raises `Unauthenticated`, `Unavailable`."""
        if not is_session_pass(pass_text):
            raise self._refused("not_a_session")  # nobody's work but ours
        if not self._cache_for:
            return await self._ask(pass_text)
        return await self._cached(pass_text, freshness=freshness)

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Do the same in a thread that may wait. Raises `Unauthenticated`, `Unavailable`."""
        asked = self._follower.call(self.check(pass_text, freshness=freshness))
        try:
            # Each question has its own limit; this one is for a fork's sake.
            return asked.result(2 * self._timeout)
        except TimeoutError:
            asked.cancel()
            raise self._unavailable("timed_out") from None

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:
        """Wait until a Principal that was checked no longer holds, and say why."""
        # Nobody may have followed the feed so far. But Auth was asked about the session: just now, or as long
        # ago as an answer is kept.
        known_at = self.clock() - self._cache_for
        return await self._watch.end_of(principal, freshness=_remembered(freshness), known_at=known_at)

    async def ready(self, within: float = 5) -> None:
        """Learn where to ask; for start-up. Raises `Unavailable` when that is not known after `within` s."""
        try:
            async with asyncio.timeout(within):
                await self._asking.ready()
        except TimeoutError:
            raise self._unavailable("timed_out") from None
        except FetchFailed as error:
            raise self._unavailable(error.code) from error

    async def close(self) -> None:
        """Close the connections of the running loop and of the background; a later check would open new
        ones. A watch that was lent goes on."""
        if not self._is_lent:
            self._watch.close()
        await self._asking.close()
        closing = self._follower.close(self._asking)
        if closing is not None:
            await asyncio.wrap_future(closing)

    def health(self) -> Health:
        """Say how the verifier is; for metrics and people."""
        return self._watch.health(cached=len(self._cache), counts=self._counts)

    async def _cached(self, pass_text: str, *, freshness: Freshness) -> Principal:
        watch = self._watch
        if not watch.following.alive:
            watch.follow()
        now = self.clock()
        seen = watch.revocations.changes  # before the question: what changes meanwhile is looked at later
        held = self._cache.get(pass_text)
        if held is not None:
            if self._still_holds(held, now=now, freshness=freshness):
                self._counts.accepted_from_cache += 1
                return held.principal
            self._cache.drop(pass_text)
        principal = await self._ask(pass_text)
        held = Held(principal, seen=seen)
        held.asked_at = now
        self._cache.put(pass_text, held)
        return principal

    def _still_holds(self, held: Held, *, now: float, freshness: Freshness) -> bool:
        if not held.asked_at <= now < min(held.asked_at + self._cache_for, held.expires_at):
            return False
        revocations = self._watch.revocations
        if now - revocations.age.heard_at > freshness.max_staleness:
            return False
        if held.seen != revocations.changes:
            seen = revocations.changes  # before the look
            if revocations.verdict(held.principal) is not None:
                return False
            held.seen = seen
        return True

    async def _ask(self, pass_text: str) -> Principal:
        self._counts.asked += 1
        try:
            introspection = Introspection.from_json(await self._asking.ask(pass_text))
        except (FetchFailed, IntrospectionInvalid) as error:
            raise self._unavailable(error.code) from error
        if introspection is None:
            raise self._refused("inactive")
        self._check_facts(introspection)
        self._counts.accepted += 1
        return Principal.of_session(introspection)

    def _check_facts(self, introspection: Introspection) -> None:
        """Hold the answer to what a token is held to: issuer, audience, time."""
        audiences = (introspection.aud,) if isinstance(introspection.aud, str) else introspection.aud
        if introspection.iss != self._issuer:
            raise self._refused("wrong_issuer")
        if self.audience not in audiences:
            raise self._refused("wrong_audience")
        if self.clock() >= introspection.exp:
            raise self._refused("expired")

    def _unavailable(self, reason: str) -> Unavailable:
        self._counts.unavailable += 1
        self._asking.failed(reason, now=self.clock())
        return Unavailable(reason, retry_after=RETRY_AFTER)

    def _refused(self, reason: str) -> Unauthenticated:
        self._counts.refused += 1
        log.info("session refused: code=%s", reason)
        return Unauthenticated(reason)


def _check_watch(watch: Watch, *, issuer: str, cache_for: float) -> None:
    """Refuse a watch that would never hear of the end of a session."""
    if watch.issuer.identifier != issuer:
        raise ValueError("the watch is another issuer's")
    if cache_for and watch.feed is None:
        raise ValueError("a cache needs a watch that follows the feed")


def _remembered(freshness: Freshness) -> Freshness:
    """Give the contract of a connection that stays: no view counts for longer than the feed remembers what
    it missed."""
    if freshness.on_stale == "allow":
        return Freshness(max_staleness=REMEMBERED)
    return replace(freshness, max_staleness=min(freshness.max_staleness, REMEMBERED))
