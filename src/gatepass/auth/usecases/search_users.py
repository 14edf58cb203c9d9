"""Search users, for an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.actors import Actor, require_admin
from gatepass.auth.finding import searched

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.finding import By, Place


async def search_users(
    auth: Auth, *, by: By, text: str, actor: Actor, after: str | None = None, limit: int = 100
) -> list[Place]:
    """Page through those whose e-mail address or name begins with a text, or who hold a role, from behind the
    place `after`. Raises `NotPermitted`."""
    require_admin(actor)
    return await auth.store.find_users(searched(by, text), after, limit)
