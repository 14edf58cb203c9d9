"""Rename the revocation feed, after a backup was restored: everybody reads it from the beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import EventRecorded, FeedRenamed
from gatepass.auth.events import Event, EventKind

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth


async def rename_feed(auth: Auth, *, now: float) -> str:
    """Give the feed another name, and say which; for the command line.

    A restored feed counts on from where the backup stood: a follower who was beyond that would take entries
    that are new for such as it has read (docs/adr/0014).
    """
    log = auth.entropy(12).hex()
    event = Event(now, EventKind.FEED_RENAMED, actor="cli", reason=log)
    await auth.store.commit(FeedRenamed(log), EventRecorded(event))
    return log
