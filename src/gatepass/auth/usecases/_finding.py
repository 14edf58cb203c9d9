"""Find the user that an order names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.errors import UserUnknown
from gatepass.auth.users import User, normalise_email

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth


async def find(auth: Auth, *, email: str | None, user_id: str | None) -> User:
    """Find a user by either e-mail address or id. Raises `UserUnknown`, `InvalidInput("email")`."""
    if (email is None) == (user_id is None):
        raise ValueError("give either email or user_id")
    if user_id is not None:
        user = await auth.store.user_by_id(user_id)
    else:
        user = await auth.store.user_by_email(normalise_email(email or ""))
    if user is None:
        raise UserUnknown
    return user
