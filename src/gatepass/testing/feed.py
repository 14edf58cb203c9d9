"""A revocation feed in memory: what `FakeIssuer` publishes, and who follows it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Final

from gatepass.jose import jwt
from gatepass.oauth import PAGE_ENTRIES, REVOCATIONS_TYP, Cursor, Page, Selector, Selects, mark_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gatepass.jose import Key

LIFETIME: Final = 3_660
"""Seconds that an entry is kept: longer than any token lives."""

PATIENCE: Final = 5.0
"""Seconds that `publish` waits for the followers; they need milliseconds."""


class FakeFeed:
    """Entries in order, signed page by page. Any thread may publish; followers read on their own loops."""

    def __init__(self, *, issuer: str, key: Callable[[], Key], clock: Callable[[], float]) -> None:
        self.log = "fake"
        self.entries: list[Selector] = []
        self._issuer = issuer
        self._key = key
        self._clock = clock
        self._streams: dict[object, int] = {}
        """How far each open stream has been read: a reader that asks for more has taken in what it had."""
        self._grew = threading.Condition()
        self._bells: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    def publish(self, selects: Selects, text: str = "", *, below: int = 0) -> None:
        """Add an entry, and wait until every follower with an open stream has taken it in."""
        mark = 0 if selects is Selects.ALL else mark_of(text)
        with self._grew:
            self.entries.append(Selector(selects, mark, below, int(self._clock()) + LIFETIME))
            head = len(self.entries)
            for bell, loop in list(self._bells.items()):
                with contextlib.suppress(RuntimeError):  # a loop that was closed follows nothing
                    loop.call_soon_threadsafe(bell.set)
            self._grew.wait_for(lambda: all(read >= head for read in self._streams.values()), PATIENCE)

    def page(self, after: str | None) -> str:
        """Sign the page behind a cursor; the full answer without one, or with one of another feed."""
        cursor = None if after is None else Cursor.parse(after)
        known = cursor is not None and cursor.log == self.log and cursor.seq <= len(self.entries)
        return self._signed(cursor.seq if cursor is not None and known else None)

    async def stream(self, after: str | None, *, heartbeat: float) -> AsyncGenerator[str, None]:
        """Give each page as the feed grows, and an empty one after so many seconds of silence."""
        bell, reader = asyncio.Event(), object()
        self._bells[bell] = asyncio.get_running_loop()
        cursor = None if after is None else Cursor.parse(after)
        read = 0 if cursor is None else cursor.seq
        try:
            while True:
                bell.clear()
                page = self._signed(read)
                read = min(read + PAGE_ENTRIES, len(self.entries))
                yield page
                with self._grew:  # asked for more: the page has been taken in
                    self._streams[reader] = read
                    self._grew.notify_all()
                if read == len(self.entries):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(heartbeat):
                            await bell.wait()
        finally:
            del self._bells[bell]
            with self._grew:
                self._streams.pop(reader, None)
                self._grew.notify_all()

    def _signed(self, after: int | None) -> str:
        now = self._clock()
        entries = list(self.entries)
        end = min((after or 0) + PAGE_ENTRIES, len(entries))
        page = Page(
            log=self.log,
            after=after,
            seq=end,
            more=end < len(entries),
            true_at=int(now * 1000),
            selectors=tuple(entries[after or 0 : end]),
        )
        return jwt.sign(page.to_claims(issuer=self._issuer), self._key(), typ=REVOCATIONS_TYP)
