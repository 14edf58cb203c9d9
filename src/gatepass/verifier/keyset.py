"""Which keys are trusted now, and when to fetch them again. Decides and never waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatepass.verifier.cache import TokenCache

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.jose import KeySet


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """How keys are kept; all in seconds."""

    lifetime: float = 300
    """How long a fetched set counts as fresh when the answer does not say (Cache-Control: max-age)."""
    shortest: float = 60
    """Fresh at least this long, whatever the answer says: nobody makes us ask in a loop."""
    longest: float = 3600
    """Fresh at most this long, whatever the answer says: a new key is seen within the hour."""
    stale_limit: float = 6 * 3600
    """Keys that could not be fetched again are trusted this long after the last good fetch, and no longer: an
    outage of a night must not stop a Service, a withdrawn key must not live on behind a blocked line."""
    cool_down: float = 30
    """After a fetch for an unknown kid, the next such fetch waits this long: kids are invented for free."""
    first_retry: float = 1
    longest_retry: float = 30

    def __post_init__(self) -> None:
        if not 0 < self.shortest <= self.lifetime <= self.longest <= self.stale_limit:
            raise ValueError("0 < shortest ≤ lifetime ≤ longest ≤ stale_limit must hold")
        if self.cool_down <= 0 or not 0 < self.first_retry <= self.longest_retry:
            raise ValueError("cool_down > 0 and 0 < first_retry ≤ longest_retry must hold")


@dataclass(frozen=True, slots=True)
class View:
    """Keys that are trusted until `good_until`, and the tokens that were verified with exactly these keys.

    A change of keys makes a new View with an empty cache, so no verified token outlives the key that signed
    it, not even one whose verification was under way in another thread.
    """

    keys: KeySet
    tokens: TokenCache
    good_until: float


class TrustedKeys:
    """The keys of one issuer. One thread (the follower's) decides here; any thread may read `view`."""

    def __init__(self, *, terms: KeyTerms, cache_size: int, jitter: Callable[[], float]) -> None:
        self._terms = terms
        self._cache_size = cache_size
        self._jitter = jitter  # 0 ≤ jitter() < 1; a thousand Services must not ask in the same second
        self._failures = 0
        self._early_from = float("-inf")
        self.view: View | None = None
        self.next_fetch_at = float("-inf")
        self.fetched_at = float("-inf")
        """When the keys were last fetched; seconds since the epoch."""

    def may_fetch_early(self, *, now: float) -> bool:
        """Say whether an unknown kid is worth waking the follower; without keys it is awake anyway."""
        left = self._early_from - now
        # No cool-down is longer than that: the clock was set back. Keys that are held are never fetched.
        cooling = 0 < left <= self._terms.cool_down + 1 or left == float("inf")
        return self.view is not None and not cooling

    def fetch_early(self, *, now: float) -> None:
        """Make the next fetch due now, because of an unknown kid; at most once in a cool-down."""
        if self.may_fetch_early(now=now):
            self._early_from = now + self._terms.cool_down
            self.next_fetch_at = now

    def fetched(self, keys: KeySet, *, max_age: float | None, now: float) -> None:
        """Take over what was fetched; the next fetch comes ahead of the end of its freshness."""
        terms = self._terms
        fresh = terms.lifetime if max_age is None else min(max(max_age, terms.shortest), terms.longest)
        self._failures = 0
        self.next_fetch_at = now + fresh * (0.7 + 0.2 * self._jitter())
        old = self.view
        unchanged = old is not None and _names(old.keys) == _names(keys)
        tokens = old.tokens if old is not None and unchanged else TokenCache(limit=self._cache_size)
        self.view = View(keys, tokens, now + terms.stale_limit)
        self.fetched_at = now

    def hold(self, keys: KeySet) -> None:
        """Take keys that nobody publishes: they hold until the process ends, and nothing is fetched."""
        self.view = View(keys, TokenCache(limit=self._cache_size), float("inf"))
        self._early_from = float("inf")

    def resume(self, keys: KeySet, *, fetched_at: float) -> None:
        """Take over what an earlier process fetched; a new fetch is due at once."""
        self.view = View(keys, TokenCache(limit=self._cache_size), fetched_at + self._terms.stale_limit)
        self.fetched_at = fetched_at

    def failed(self, *, now: float) -> None:
        """Keep what is there, and try again after a while that doubles with each failure."""
        terms = self._terms
        wait = min(terms.first_retry * 2 ** min(self._failures, 16), terms.longest_retry)
        self._failures += 1
        self.next_fetch_at = now + wait * (0.5 + 0.5 * self._jitter())

    def retry_after(self, *, now: float) -> int:
        """Say after how many whole seconds a client that found no keys may ask again."""
        wait = min(max(self.next_fetch_at - now, 0), self._terms.longest_retry)
        return int(wait) + 1

    def wait(self, *, now: float) -> float:
        """Say how long the follower may sleep, and with 0 that a fetch is due."""
        wait = max(self.next_fetch_at - now, 0)
        # No fetch is ever planned so far ahead: the clock was set back. To wait for it would keep keys that
        # were withdrawn for as long as it was wrong.
        return 0 if wait > max(self._terms.longest, self._terms.longest_retry) else wait


def _names(keys: KeySet) -> frozenset[tuple[str, str, str]]:
    """Name a set by what its keys are: the same kid with other key material is another key."""
    return frozenset((key.kid or "", key.alg, key.thumbprint()) for key in keys)
