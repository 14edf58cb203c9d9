"""What one process knows of one issuer, keys and revocations, and the work that keeps that current."""

from __future__ import annotations

import asyncio
import time
import weakref
from math import isfinite
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Final

from gatepass.oauth import SHARED_ALGORITHM
from gatepass.verifier.errors import TokenStale, Unauthenticated, Unavailable
from gatepass.verifier.feed import FeedTerms, FeedWork
from gatepass.verifier.fetch import HttpFetch, require_http_client
from gatepass.verifier.follower import process_follower
from gatepass.verifier.following import Following
from gatepass.verifier.health import Counts, Health
from gatepass.verifier.issuer import Issuer
from gatepass.verifier.key_work import KeyWork
from gatepass.verifier.keyset import KeyTerms, TrustedKeys
from gatepass.verifier.revocations import Revocations, Verdict
from gatepass.verifier.shelf import Shelf
from gatepass.verifier.waiters import Waiters

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from gatepass.oauth import SharedSecrets
    from gatepass.verifier.errors import Refused
    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.follower import Follower
    from gatepass.verifier.following import Work
    from gatepass.verifier.freshness import Freshness
    from gatepass.verifier.principal import Principal

DEFAULT_ALGORITHMS: Final = frozenset({"ES256", "Ed25519", "PS256"})
"""What FAPI 2.0 §5.4.1 allows. RS256 (PKCS #1 v1.5) is there for who names it."""

ALLOWED_ALGORITHMS: Final = DEFAULT_ALGORITHMS | {
    *("ES384", "ES512", "PS384", "PS512", "RS256", "RS384", "RS512", "Ed448", "EdDSA"),
    *("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
}
"""What a Verifier may be told to accept: signatures only, since a published key is no shared secret."""

RETRY_AFTER: Final = 5
"""Seconds after which a client that met a view too old may try again; the follower tries all the time."""

LOOK_AGAIN: Final = 0.05
"""Seconds that an open connection waits at least before it looks again whether its pass holds."""

_draw: Final = SystemRandom().random
"""Not the process's `random`: a Service that seeds it gets the numbers it expects, whatever we draw in the
background; and two children of a fork don't come at the same moment."""


class Watch:
    """One issuer, watched. It begins with the first `follow`, in the process's one background thread.

    Args:
        issuer: whose keys and revocations.
        algorithms: what a key may be for; others are passed over.
        shared_secrets: what stands in for published keys, in the shared-secret mode; then no key is fetched.
        leeway: seconds that the clocks of the two machines may differ.
        terms: how keys are kept.
        feed: how the revocation feed is followed; None for an issuer that has none, whose tokens hold until
            they expire.
        cache_size: verified tokens that are remembered beside the keys; a Watch by itself verifies none.
        state_dir: a folder for the keys and the view, so that a Service can start while Auth is down.
        clock, monotonic, make_fetch, follower: as for a `Verifier`.
    """

    def __init__(
        self,
        issuer: str,
        *,
        algorithms: frozenset[str] = DEFAULT_ALGORITHMS,
        shared_secrets: SharedSecrets | None = None,
        leeway: int = 30,
        terms: KeyTerms | None = None,
        feed: FeedTerms | None = FeedTerms(),  # noqa: B008 (frozen)
        cache_size: int = 1,
        state_dir: str | os.PathLike[str] | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        make_fetch: Callable[[], Fetch] | None = None,
        follower: Follower | None = None,
    ) -> None:
        if make_fetch is None:
            require_http_client()
        if shared_secrets is not None:
            algorithms = frozenset({SHARED_ALGORITHM})
        self.clock = clock
        self.issuer = Issuer(issuer, algorithms=algorithms)
        self.keys = TrustedKeys(terms=terms or KeyTerms(), cache_size=cache_size, jitter=_draw)
        self.revocations = Revocations(leeway=leeway)
        self.waiters = _waiters(self.revocations)
        # With secrets and without a feed there is nothing to follow, and so nothing to begin.
        idle = shared_secrets is not None and feed is None
        self.following = self._feed_following = Following() if idle else Following.never()
        self._make_fetch = make_fetch or HttpFetch
        self._follower = follower or process_follower()
        shelf = None if state_dir is None else Shelf(Path(state_dir), issuer=issuer)
        self._key_work: KeyWork | None = None
        if shared_secrets is not None:
            self.keys.hold(shared_secrets.keys)
        else:
            self._key_work = self._on_keys(shelf)
        self.feed: FeedWork | None = None
        if feed is not None:
            self.feed = self._on_feed(feed, shelf, algorithms=algorithms, leeway=leeway, monotonic=monotonic)
        else:
            self.revocations.age.heard_at = float("inf")  # there is nothing to be behind of
        for work in self._works():
            weakref.finalize(self, self._follower.unfollow, work).atexit = False

    def follow(self) -> None:
        """Make sure that the follower is at work; does not wait."""
        # The feed first: it waits for keys, and is woken by who brings them.
        if self.feed is not None:
            self._feed_following = self._follower.follow(self.feed, self._make_fetch)
        if self._key_work is None:
            self.following = self._feed_following
        else:
            self.following = self._follower.follow(self._key_work, self._make_fetch)

    async def end_of(
        self, principal: Principal, *, freshness: Freshness, known_at: float = float("-inf")
    ) -> Refused:
        """Wait until a Principal no longer holds, and say why: for connections that stay open.

        A view that is too old ends it too, unless the contract allows that: there is no pass here to ask
        about. `known_at` is when Auth itself said of the Principal that it holds; seconds since the epoch.
        """
        self.follow()
        while True:
            now = self.clock()
            verdict = self.revocations.verdict(principal)
            if verdict is not None:
                return TokenStale() if verdict is Verdict.STALE else Unauthenticated(verdict.value)
            if now >= principal.expires_at:
                return Unauthenticated("expired")
            ends = float(principal.expires_at)
            if freshness.on_stale != "allow":
                stale_at = max(self.revocations.age.heard_at, known_at) + freshness.max_staleness
                if now > stale_at:
                    return Unavailable("view_too_old", retry_after=RETRY_AFTER)
                ends = min(ends, stale_at)
            await self.waiters.wait(principal, within=max(ends - now, LOOK_AGAIN))

    def want_keys(self) -> None:
        """Have the keys fetched early, because of an unknown kid; at most once in a cool-down."""
        if self.keys.may_fetch_early(now=self.clock()):
            self.following.wake()

    async def ready(self, within: float) -> bool:
        """Follow, and wait for the first keys and the first view; says whether they came in time."""
        end = time.monotonic() + within
        self.follow()
        while not self.is_ready:
            if time.monotonic() >= end:
                return False
            await asyncio.sleep(0.01)  # they come from another thread, and this happens once
        return True

    @property
    def is_ready(self) -> bool:
        """Whether keys and a view are there."""
        return self.keys.view is not None and self.revocations.age.heard_at != float("-inf")

    def health(self, *, cached: int, counts: Counts) -> Health:
        """Say how it is."""
        now = self.clock()
        view = self.keys.view
        age = self.revocations.age
        return Health(
            following=self.following.alive,
            feed=None if self.feed is None else self.feed.state,
            keys=0 if view is None else len(view.keys),
            keys_age=now - self.keys.fetched_at if isfinite(self.keys.fetched_at) else None,
            view_age=now - age.heard_at if isfinite(age.heard_at) else None,
            entries=len(self.revocations),
            clock_skew=age.skew,
            cached=cached,
            counts=counts,
        )

    def close(self) -> None:
        """Stop following; a later `follow` would begin again."""
        for work in self._works():
            self._follower.unfollow(work)

    # The works belong to the follower, and must not keep this object alive: it ends them when it goes. So
    # they know it by a weak reference alone.

    def _works(self) -> list[Work]:
        works: tuple[Work | None, ...] = (self._key_work, self.feed)
        return [work for work in works if work is not None]

    def _on_keys(self, shelf: Shelf | None) -> KeyWork:
        here = weakref.ref(self)
        return KeyWork(
            self.issuer, self.keys, shelf=shelf, clock=self.clock, fetched=lambda: _on(here, Watch._keys_came)
        )

    def _on_feed(
        self,
        terms: FeedTerms,
        shelf: Shelf | None,
        *,
        algorithms: frozenset[str],
        leeway: int,
        monotonic: Callable[[], float],
    ) -> FeedWork:
        here = weakref.ref(self)
        return FeedWork(
            self.issuer,
            self.keys,
            self.revocations,
            algorithms=algorithms,
            leeway=leeway,
            terms=terms,
            shelf=shelf,
            clock=self.clock,
            monotonic=monotonic,
            jitter=_draw,
            changed=self.waiters.ring,
            unknown_kid=lambda: _on(here, Watch.want_keys),
        )

    def _keys_came(self) -> None:
        self._feed_following.wake()


def _waiters(revocations: Revocations) -> Waiters:
    def concerns(principal: Principal) -> bool:
        return revocations.verdict(principal) is not None

    return Waiters(concerns)


def _on(here: weakref.ref[Watch], method: Callable[[Watch], None]) -> None:
    watch = here()
    if watch is not None:
        method(watch)
