"""List a user's sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.sessions import Session

SHOWN: Final = 200
"""Sessions in one list: all of them, but for users who have more from a time without a limit (`log_in`)."""


async def list_sessions(auth: Auth, *, user_id: str, now: float) -> list[Session]:
    """Give the user's live sessions, newest first."""
    return await auth.store.sessions_of(user_id, now, SHOWN)
