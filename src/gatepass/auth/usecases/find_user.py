"""Find a user, for an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.actors import Actor, require_admin
from gatepass.auth.usecases._finding import find

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.users import User


async def find_user(
    auth: Auth, *, email: str | None = None, user_id: str | None = None, actor: Actor
) -> User:
    """Give a user by either e-mail address or id. Raises `UserUnknown`, `InvalidInput`, `NotPermitted`."""
    require_admin(actor)
    return await find(auth, email=email, user_id=user_id)
