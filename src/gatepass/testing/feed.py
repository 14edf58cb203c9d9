"""A revocation feed in memory: what `FakeIssuer` publishes, and who follows it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gatepass.jose import jwt
from gatepass.oauth import PAGE_ENTRIES, REVOCATIONS_TYP, Cursor, Page, Selector, Selects, mark_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gatepass.jose import Key

LIFETIME: Final = 3_660
"""Seconds that an entry is kept: longer than any token lives."""

PATIENCE: Final = 5.0
"""Seconds that `beat` waits for the followers; they need milliseconds."""


@dataclass(slots=True, eq=False)
class Reader:
    """One follower: the beat of the page it was given last, and that of the last one it took in."""

    given: int = -1
    taken: int = -1


class FakeFeed:
    """Entries in order, signed page by page. Any thread may publish; followers read on their own loops."""

    def __init__(self, *, issuer: str, key: Callable[[], Key], clock: Callable[[], float]) -> None:
        self.log = "fake"
        self.entries: list[Selector] = []
        self._issuer = issuer
        self._key = key
        self._clock = clock
        self._beats = 0
        self._moved = threading.Condition()
        self._readers: set[Reader] = set()
        self._cut_off: set[Reader] = set()
        self._bells: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def publish(self, selects: Selects, text: str = "", *, below: int = 0) -> None:
        """Add an entry, and wait until every follower has taken it in."""
        mark = 0 if selects is Selects.ALL else mark_of(text)
        with self._moved:
            self.entries.append(Selector(selects, mark, below, int(self._clock()) + LIFETIME))
        self.beat()

    def beat(self) -> None:
        """Let every follower hear the feed as it is now, and wait until each has taken that in."""
        with self._moved:
            self._beats += 1
            beat = self._beats
            self.ring()
            self._moved.wait_for(lambda: all(one.taken >= beat for one in self._readers), PATIENCE)

    def ring(self) -> None:
        """Wake the streams."""
        for bell, loop in list(self._bells.items()):
            with contextlib.suppress(RuntimeError):  # a loop that was closed follows nothing
                loop.call_soon_threadsafe(bell.set)

    def page(self, after: str | None, reader: Reader) -> str:
        """Sign the page behind a cursor; the full answer without one, or with one of another feed."""
        self._asked(reader)
        return self._signed(self._place(after), reader)[0]

    async def stream(
        self, after: str | None, reader: Reader, *, heartbeat: float
    ) -> AsyncGenerator[str, None]:
        """Give each page as the feed grows, and an empty one after so many seconds of silence."""
        bell = asyncio.Event()
        self._bells[bell] = asyncio.get_running_loop()
        place = self._place(after)
        try:
            while True:
                bell.clear()
                self._asked(reader)
                page, place = self._signed(place, reader)
                yield page
                if place == len(self.entries) and reader.given == self._beats:
                    self._asked(reader)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(heartbeat):
                            await bell.wait()
        finally:
            del self._bells[bell]

    def cut_off(self, reader: Reader) -> None:
        """Wait for this follower no longer: it cannot hear."""
        with self._moved:
            if reader in self._readers:
                self._readers.discard(reader)
                self._cut_off.add(reader)
            self._moved.notify_all()

    def whole(self) -> Page:
        """Give all entries as one page."""
        entries = list(self.entries)
        return self._page(entries, after=None, seq=len(entries), more=False)

    def leave(self, reader: Reader) -> None:
        """Forget a follower."""
        with self._moved:
            self._readers.discard(reader)
            self._cut_off.discard(reader)
            self._moved.notify_all()

    def reach_all(self) -> None:
        """Wait until everybody who was cut off has asked again, and has heard all."""
        with self._moved:
            self._moved.wait_for(lambda: not self._cut_off, PATIENCE)
        self.beat()

    def _asked(self, reader: Reader) -> None:
        """Take note that a follower asks: what it was given before, it has taken in."""
        with self._moved:
            self._readers.add(reader)
            self._cut_off.discard(reader)
            reader.taken = reader.given
            self._moved.notify_all()

    def _place(self, after: str | None) -> int | None:
        cursor = None if after is None else Cursor.parse(after)
        known = cursor is not None and cursor.log == self.log and cursor.seq <= len(self.entries)
        return cursor.seq if cursor is not None and known else None

    def _signed(self, after: int | None, reader: Reader) -> tuple[str, int]:
        """Sign what comes after a place, and say how far it reaches."""
        with self._moved:
            reader.given = self._beats
            entries = list(self.entries)
        end = min((after or 0) + PAGE_ENTRIES, len(entries))
        page = self._page(entries[after or 0 : end], after=after, seq=end, more=end < len(entries))
        return jwt.sign(page.to_claims(issuer=self._issuer), self._key(), typ=REVOCATIONS_TYP), end

    def _page(self, entries: list[Selector], *, after: int | None, seq: int, more: bool) -> Page:
        true_at = int(self._clock() * 1000)
        return Page(log=self.log, after=after, seq=seq, more=more, true_at=true_at, selectors=tuple(entries))
