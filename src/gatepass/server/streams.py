"""Server-sent events (HTML Living Standard §9.2): an answer that ends when its client leaves, or we do."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from gatepass.auth import AuthError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import Receive, Send

    from gatepass.server.answers import Header
    from gatepass.server.feed import Follower, SignedPage
    from gatepass.server.request import Call

_LOG: Final = logging.getLogger("gatepass.server")

HEADERS: Final[tuple[Header, ...]] = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would collect events until it has a buffer full
)


class Stream:
    """The pages of the revocation feed as events, the first of them already read."""

    status: Final = 200

    def __init__(self, call: Call, follower: Follower, first: SignedPage) -> None:
        self._call = call
        self._follower = follower
        self._first = first

    async def send(self, send: Send) -> None:
        """Send pages until there are no more."""
        async with left_when_gone(self._follower, self._call.receive):
            await send({"type": "http.response.start", "status": self.status, "headers": list(HEADERS)})
            page: SignedPage | None = None if self._call.scope["method"] == "HEAD" else self._first
            while page is not None:
                await send({"type": "http.response.body", "body": page.event, "more_body": True})
                page = await self._next()
        await send({"type": "http.response.body", "body": b""})

    async def _next(self) -> SignedPage | None:
        try:
            return await self._follower.next()
        except AuthError as error:  # too late for another status: the client comes again
            _LOG.warning("a stream of revocations ends: %s (%s)", error.code, error)
            return None


@asynccontextmanager
async def left_when_gone(follower: Follower, receive: Receive) -> AsyncIterator[None]:
    """Let the follower leave as soon as its client has hung up, and in the end anyway."""
    listening = asyncio.create_task(_listen(follower, receive))
    try:
        yield
    finally:
        listening.cancel()
        follower.leave()


async def _listen(follower: Follower, receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    follower.leave()
