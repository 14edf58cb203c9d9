"""Purge: what nobody needs any more goes, a bounded piece at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth.changes import Purged

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth

SESSIONS_KEPT: Final = 7 * 86_400
"""Seconds that a session which is over stays, so that its refusal can still be explained."""
ROWS: Final = 500
"""Rows of each kind in one commit: a few milliseconds, so that no refresh behind it waits long."""
PIECES: Final = 2_000
"""Pieces in one call: a million rows; what is left then waits for the next call."""


async def purge(auth: Auth, *, now: float) -> None:
    """Wipe answers whose grace is over, delete what lapsed or may be forgotten; called periodically, once a
    minute is plenty."""
    terms = auth.terms
    piece = Purged(now, now - terms.refresh_grace, now - SESSIONS_KEPT, now - terms.events_kept, ROWS)
    for _ in range(PIECES):
        if not await auth.store.purgeable(piece):
            return
        await auth.store.commit(piece)
