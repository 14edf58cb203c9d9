"""A user as a script sees one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatepass.auth import User


def user_row(user: User) -> dict[str, object]:
    """Show a user to a script."""
    return {
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "status": user.status.value,
        "roles": sorted(user.roles),
        "permissions": sorted(user.granted),
        "epoch": user.epoch,
        "created_at": int(user.created_at),
    }
