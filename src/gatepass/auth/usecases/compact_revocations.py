"""Compact the revocation feed: many ended sessions of one user become one entry for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth.changes import Conflict, RevocationsCompacted, Revoked, UserChanged
from gatepass.auth.errors import Contended
from gatepass.auth.revocations import user_changed
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth

SINGLE_SESSIONS: Final = 20
"""Entries for single sessions that a user may have in the feed: more than a person ends within an hour, and
few enough that nobody fills the feed by logging in and out."""
NEWEST: Final = 10_000
"""A crowd grows by new entries alone, so only who has one among the newest is looked at: milliseconds,
however long the feed is."""
USERS: Final = 100
"""Users in one call; the others wait for the next."""


async def compact_revocations(auth: Auth, *, now: float, more_than: int = SINGLE_SESSIONS) -> None:
    """Compact the entries of each user who has more than so many; called periodically."""
    for user_id in await auth.store.crowded_revocations(more_than, NEWEST, USERS):
        await _compact(auth, user_id, now=now)


async def _compact(auth: Auth, user_id: str, *, now: float) -> None:
    """Make every token of the user stale that exists now, those of the ended sessions among them.

    No Service accepts a stale token. A live session renews its own, unnoticed; an ended one cannot renew.
    What makes it safe is that the epoch is still the one that was read: no token of a higher one exists, so
    none of an ended session slips through between its old entry and the new one.
    """
    for _ in range(TRIES):
        until = (await auth.store.revocations_after(0, 0)).head
        user = await auth.store.user_by_id(user_id)
        if user is None:
            return
        changed = msgspec.structs.replace(user, epoch=user.epoch + 1)
        try:
            await auth.store.commit(
                UserChanged(changed, user.epoch),
                Revoked(user_changed(user.id, changed.epoch, now=now)),
                RevocationsCompacted(user.id, until),
            )
        except Conflict:
            continue
        return
    raise Contended
