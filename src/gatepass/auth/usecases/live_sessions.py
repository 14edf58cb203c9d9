"""List everybody's live sessions, for an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.actors import Actor, require_admin

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.sessions import Session
    from gatepass.auth.users import User


async def live_sessions(
    auth: Auth, *, actor: Actor, now: float, after: str | None = None, limit: int = 100
) -> list[tuple[Session, User]]:
    """Page through the live sessions by sid, from behind the sid `after`. Raises `NotPermitted`."""
    require_admin(actor)
    return await auth.store.live_sessions(now, after, limit)
