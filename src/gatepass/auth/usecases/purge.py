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


async def purge(auth: Auth, *, now: float) -> None:
    """Wipe answers whose grace is over, delete what lapsed; called periodically."""
    await auth.store.commit(Purged(now, now - auth.terms.refresh_grace, now - SESSIONS_KEPT, ROWS))
