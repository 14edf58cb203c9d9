"""The revocation feed as it is served: each page read and signed once, for all who wait at the same place.

One task looks whether the feed grew, for everybody; who follows waits for its result. Nothing is queued for
anybody: who reads slowly is behind, and gets one larger page when it comes back for more.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import AuthError
from gatepass.jose import jwt
from gatepass.oauth import PAGE_ENTRIES, REVOCATIONS_TYP, Cursor, Page
from gatepass.server.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.auth import Auth, Feed

_LOG: Final = logging.getLogger("gatepass.server")

HEARTBEAT: Final = 5.0
"""Seconds after which who waits is told that nothing changed, in a signed page: only so does a Service know
how old its view is, and no relay can make it look younger."""
GATHER: Final = 0.02
"""Seconds between two pages to the same followers. Writing to a thousand takes as long: under a storm of
revocations half the process's time is still left for everybody else."""
FOLLOWERS: Final = 2_000
"""Open streams and waiting polls of one process: each holds a connection, and a tenth of a MB when it reads
slowly. Whoever comes later polls."""
KEPT: Final = 256
"""Pages that are kept for the next who asks from the same place: a million entries, 12 MB."""
KEPT_FOR: Final = 30.0
"""Seconds that a page with more behind it is kept; the newest for one, and only until the feed grows."""
_TRY_AGAIN: Final = 1.0


class SignedPage(msgspec.Struct, frozen=True):
    """A page, ready to be sent."""

    text: bytes
    """The JWT."""
    cursor: Cursor
    """The place it reaches."""
    more: bool
    is_whole: bool
    """Whether it begins the full answer."""
    grew: bool
    """Whether it reaches any further than where it was asked from."""
    true_at: float
    kid: str | None
    """Of the key that signed it."""

    @property
    def event(self) -> bytes:
        """The same as a server-sent event."""
        return b"id: %s\ndata: %s\n\n" % (str(self.cursor).encode(), self.text)


class FeedHub:
    """All who follow the feed at this process."""

    def __init__(
        self, auth: Auth, *, issuer: str, clock: Callable[[], float], followers: int = FOLLOWERS
    ) -> None:
        self.followers = 0
        self.pages = 0
        """Signed since the start."""
        self.true_at: float | None = None
        """When the last page was true."""
        self._auth = auth
        self._issuer = issuer
        self._clock = clock
        self._most = followers
        self._head = 0
        self._kept: dict[Cursor | None, SignedPage] = {}
        self._reading: dict[Cursor | None, asyncio.Task[SignedPage]] = {}
        self._waiting: dict[Cursor, list[asyncio.Future[SignedPage | None]]] = {}
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    def follow(self, cursor: Cursor | None) -> Follower:
        """Follow from behind a place, None for the whole feed. Raises `Refused` when there are too many."""
        if self._closed or self.followers >= self._most:
            raise Refused("busy", retry_after=HEARTBEAT)
        return Follower(self, cursor)

    def close(self) -> None:
        """Let everybody go who follows: the process is about to end."""
        self._closed = True
        for futures in self._waiting.values():
            for future in futures:
                _resolve(future, None)
        self._waiting.clear()
        if self._watching is not None:
            self._watching.cancel()

    async def page(self, after: Cursor | None) -> SignedPage:
        """Give the page from behind a place, or the first of the full answer: for None, and for a place that
        is none of this feed."""
        kept = self._kept.get(after)
        if kept is not None and await self._still_holds(kept):
            return kept
        reading = self._reading.get(after)
        if reading is None:  # or else all who come back after a restart would read the same
            reading = self._reading[after] = asyncio.create_task(self._read(after))
            reading.add_done_callback(lambda _: self._reading.pop(after))
        return await asyncio.shield(reading)

    def is_behind(self, cursor: Cursor) -> bool:
        """Say whether the feed is known to have grown beyond a place."""
        return cursor.seq < self._head

    def grown(self, cursor: Cursor) -> asyncio.Future[SignedPage | None]:
        """Wait for the next page from behind a place, the empty one after `HEARTBEAT` at the latest."""
        future: asyncio.Future[SignedPage | None] = asyncio.get_running_loop().create_future()
        if self._closed:
            future.set_result(None)
            return future
        self._waiting.setdefault(cursor, []).append(future)
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        return future

    async def _watch(self) -> None:
        """Wait for everybody, while anybody waits."""
        while self._waiting:
            try:
                await self._auth.store.revocations_grew(min(at.seq for at in self._waiting), HEARTBEAT)
                await self._publish()
                await asyncio.sleep(GATHER)
            except AuthError as error:
                # Nobody is told anything meanwhile, so every follower sees its view grow old: as it does.
                _LOG.warning("the revocation feed cannot be read: %s (%s)", error.code, error)
                await asyncio.sleep(_TRY_AGAIN)
            except Exception:
                _LOG.exception("the revocation feed cannot be read")
                await asyncio.sleep(_TRY_AGAIN)

    async def _publish(self) -> None:
        for cursor in list(self._waiting):
            page = await self._read(cursor)
            for future in self._waiting.pop(cursor, ()):
                _resolve(future, page)

    async def _still_holds(self, kept: SignedPage) -> bool:
        now = self._clock()
        if kept.kid != self._auth.keyring.ring.signing_key(now).kid:
            return False  # that key may have been revoked: nobody would believe the page
        age = now - kept.true_at
        if kept.more:
            return 0 <= age < KEPT_FOR
        return 0 <= age < 1 and not await self._auth.store.revocations_grew(kept.cursor.seq, 0)

    async def _read(self, after: Cursor | None) -> SignedPage:
        """Read and sign a page."""
        true_at = self._clock()  # before the look: what is committed meanwhile may be missing
        feed = await self._auth.store.revocations_after(0 if after is None else after.seq, PAGE_ENTRIES + 1)
        self._head = feed.head
        if after is not None and not (feed.log == after.log and feed.floor <= after.seq <= feed.head):
            return await self.page(None)
        page = _page(feed, after, true_at)
        key = self._auth.keyring.ring.signing_key(true_at)
        text = jwt.sign(page.to_claims(issuer=self._issuer), key, typ=REVOCATIONS_TYP).encode()
        signed = SignedPage(
            text=text,
            cursor=page.cursor,
            more=page.more,
            is_whole=page.after is None,
            grew=page.seq != page.after,
            true_at=true_at,
            kid=key.kid,
        )
        self.pages += 1
        self.true_at = true_at
        self._kept.pop(after, None)
        if len(self._kept) >= KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[after] = signed
        return signed


class Follower:
    """One that reads the feed to its end, and then as it grows."""

    def __init__(self, hub: FeedHub, cursor: Cursor | None) -> None:
        self._hub = hub
        self._cursor = cursor
        self._at_end = False
        self._future: asyncio.Future[SignedPage | None] | None = None
        self._left = False
        hub.followers += 1

    async def next(self) -> SignedPage | None:
        """Give the next page; None when this follower has left, or the process is about to end."""
        if self._left:
            return None
        page: SignedPage | None
        if self._at_end and self._cursor is not None and not self._hub.is_behind(self._cursor):
            self._future = self._hub.grown(self._cursor)
            page = await self._future
        else:
            page = await self._hub.page(self._cursor)
        if page is not None:
            self._cursor = page.cursor
            self._at_end = not page.more
        return page

    def leave(self) -> None:
        """Follow no more; a second time does nothing."""
        if not self._left:
            self._left = True
            self._hub.followers -= 1
            if self._future is not None:
                _resolve(self._future, None)


def _page(feed: Feed, after: Cursor | None, true_at: float) -> Page:
    entries = feed.entries[:PAGE_ENTRIES]
    more = len(feed.entries) > PAGE_ENTRIES
    return Page(
        log=feed.log,
        after=None if after is None else after.seq,
        seq=entries[-1].seq if more else feed.head,
        more=more,
        true_at=int(true_at * 1000),
        selectors=tuple(entry.revocation.selector for entry in entries),
    )


def _resolve(future: asyncio.Future[SignedPage | None], page: SignedPage | None) -> None:
    if not future.done():  # cancelled by whoever waited, or gone
        future.set_result(page)
