"""The revocation feed: in pages that any cache may carry, and as a stream."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gatepass.oauth import REVOCATIONS_MEDIA_TYPE, Cursor
from gatepass.server.answers import Answer, Refused
from gatepass.server.bodies import FollowQuery, RevocationsQuery
from gatepass.server.caching import cached
from gatepass.server.operation import Operation
from gatepass.server.streams import Stream, left_when_gone

if TYPE_CHECKING:
    from gatepass.server.feed import SignedPage
    from gatepass.server.request import Call

PATH: Final = "/revocations"
STREAM_PATH: Final = "/revocations/stream"

_PAGE: Final = (b"content-type", REVOCATIONS_MEDIA_TYPE.encode())

# What lies behind a place, up to another, stays true. Not for longer than the keys are kept: whoever gets the
# page must still find the key that signed it.
_SETTLED: Final = "public, max-age=300, immutable"
# A second in which a cache answers for us, however many followers poll at once.
_NEWEST: Final = "public, max-age=1"


async def revocations(call: Call, query: RevocationsQuery) -> Answer:
    """Give a page, from behind a cursor or the first of the full answer; wait until there is one if asked."""
    page = await call.site.feed.page(Cursor.parse(query.after))
    if query.wait and not page.grew:
        page = await _grown(call, page, within=query.wait)
    settled = page.more and not page.is_whole
    return cached(call, Answer(200, page.text, (_PAGE,)), control=_SETTLED if settled else _NEWEST)


async def follow(call: Call, query: FollowQuery) -> Stream:
    """Give page after page, as the feed grows; `Last-Event-ID` is the newer word of who was cut off."""
    cursor = Cursor.parse(call.header(b"last-event-id") or query.after)
    follower = call.site.feed.follow(cursor)
    try:
        first = await follower.next()
        if first is None:
            raise Refused("busy", retry_after=1)
    except BaseException:
        follower.leave()
        raise
    return Stream(call, follower, first)


async def _grown(call: Call, page: SignedPage, *, within: int) -> SignedPage:
    """Wait until the feed has grown, and not longer than the client does."""
    feed = call.site.feed
    try:
        follower = feed.follow(page.cursor)
    except Refused:
        return page  # too many wait already: come again soon
    with suppress(TimeoutError):
        async with left_when_gone(follower, call.receive), asyncio.timeout(within):
            while (found := await follower.next()) is not None:
                if found.grew:
                    return found
    return await feed.page(page.cursor)


ROWS: Final = (
    Operation(
        method="GET",
        path=PATH,
        name="revocations",
        summary="The revocation feed: a signed page (typ revocations+jwt)",
        tag="for Services",
        handler=revocations,
        query=RevocationsQuery,
        media_type=REVOCATIONS_MEDIA_TYPE,
        revalidates=True,
        problems=frozenset({"busy"}),
        counted=False,
    ),
    Operation(
        method="GET",
        path=STREAM_PATH,
        name="follow_revocations",
        summary="The revocation feed as it grows: server-sent events, each a signed page",
        tag="for Services",
        handler=follow,
        query=FollowQuery,
        media_type="text/event-stream",
        problems=frozenset({"busy"}),
        counted=False,
    ),
)
