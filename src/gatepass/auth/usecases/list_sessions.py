"""List a user's sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.sessions import Session


async def list_sessions(auth: Auth, *, user_id: str, now: float) -> list[Session]:
    """Give the user's live sessions, newest first."""
    return await auth.store.sessions_of(user_id, now)
