"""End all other sessions of a user, but the one that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth.actors import address_of
from gatepass.auth.changes import Conflict
from gatepass.auth.endings import ending
from gatepass.auth.errors import Contended
from gatepass.auth.sessions import EndReason
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import Change
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Client

PIECE: Final = 200
"""Sessions in one commit: all that a user can have (`log_in`); more come from a time without that limit."""


async def end_other_sessions(
    auth: Auth, *, session: Session, client: Client | None = None, now: float
) -> int:
    """End them, in one commit where there are not hundreds; gives how many there were."""
    ended = 0
    while True:
        found = await _end_piece(auth, session=session, client=client, now=now)
        ended += found
        if found < PIECE - 1:  # the one that asks may have been among them
            return ended


async def _end_piece(auth: Auth, *, session: Session, client: Client | None, now: float) -> int:
    for _ in range(TRIES):
        live = await auth.store.sessions_of(session.user_id, now, PIECE)
        others = [other for other in live if other.sid != session.sid]
        changes: list[Change] = []
        for other in others:
            changes += ending(
                other,
                reason=EndReason.ENDED_BY_USER,
                actor=session.user_id,
                address=address_of(client),
                now=now,
            )
        try:
            if changes:
                await auth.store.commit(*changes)
        except Conflict:
            continue
        return len(others)
    raise Contended
