"""Tokens that were verified: seen again, they cost a look-up instead of a signature."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.principal import Principal


class Held:
    """A pass that was checked, and up to where it was held against the revocations."""

    __slots__ = ("asked_at", "expires_at", "principal", "seen")

    def __init__(self, principal: Principal, *, seen: int) -> None:
        self.principal = principal
        self.expires_at = principal.expires_at
        self.seen = seen
        """`Revocations.changes` as it was before it was last compared; each later change means once more."""
        self.asked_at = float("-inf")
        """When Auth itself last said that it holds; seconds since the epoch."""


class TokenCache:
    """A bounded map from the whole text of a verified token to what is known of it.

    Safe because only what was verified gets in, under its complete canonical text (two different strings are
    never the same token), and because one cache belongs to one set of keys (see `keyset.View`): when a key
    goes, so does the cache. Whoever looks up compares `expires_at` with the clock and `seen` with the
    revocations.
    """

    __slots__ = ("_entries", "_limit", "get")

    def __init__(self, *, limit: int) -> None:
        if limit < 1:
            raise ValueError("a cache holds one token at least")
        self._limit = limit
        # Ordered: a dictionary looks for its oldest past all that went before it, 1.8 µs of 10,000 entries.
        self._entries: OrderedDict[str, Held] = OrderedDict()
        self.get: Callable[[str], Held | None] = self._entries.get
        """What is known of a token, or None. The dictionary's own method: this is the hot path."""

    def put(self, token: str, held: Held) -> None:
        """Remember a verified token; the oldest makes room."""
        while len(self._entries) >= self._limit:  # more than one, where threads met here before
            self._drop_oldest()
        self._entries[token] = held

    def drop(self, token: str) -> None:
        """Forget a token."""
        self._entries.pop(token, None)

    def __len__(self) -> int:
        return len(self._entries)

    def _drop_oldest(self) -> None:
        # No lock: one that another thread holds during a fork would stay locked in the child for ever. Each
        # step is atomic by itself; where two threads meet, one finds its work done.
        with contextlib.suppress(KeyError):
            self._entries.popitem(last=False)
