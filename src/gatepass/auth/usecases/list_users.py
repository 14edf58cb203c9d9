"""List users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.actors import Actor, require_admin

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.users import User


async def list_users(auth: Auth, *, actor: Actor, after: str | None = None, limit: int = 100) -> list[User]:
    """Page through the users by e-mail address, from behind the address `after`. Raises `NotPermitted`."""
    require_admin(actor)
    return await auth.store.users_page(after, limit)
