"""What users may do: roles carry permissions, users hold roles and single permissions.

Computed here alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gatepass.auth.errors import InvalidInput, RoleUnknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gatepass.auth.users import User

ADMIN: Final = "gatepass:admin"
"""The permission to administer Gatepass itself."""

# Free of spaces (they are stored and sent as lists with spaces) and of everything that a header or page
# would quote.
_PERMISSION: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}(:[a-z0-9*][a-z0-9_.*-]{0,63}){0,3}", re.ASCII)
_ROLE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}", re.ASCII)


def effective(
    *, roles: Iterable[str], permissions: Iterable[str], defined: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """Give all permissions that roles and single permissions add up to. Raises `RoleUnknown`."""
    granted = set(permissions)
    for role in roles:
        if role not in defined:
            raise RoleUnknown
        granted |= defined[role]
    return frozenset(granted)


def may_administer(user: User) -> bool:
    """Say whether the user may end anyone's sessions and manage users."""
    return ADMIN in user.granted


def ways_to_administer(
    *, roles: Iterable[str], permissions: Iterable[str], defined: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """Name what among these makes an administrator: roles that carry the permission, and the permission
    itself."""
    carrying = {role for role in roles if ADMIN in defined.get(role, ())}
    return frozenset(carrying | ({ADMIN} & set(permissions)))


def check_permissions(names: Iterable[str]) -> frozenset[str]:
    """Take names such as `appointments:read`. Raises `InvalidInput("permissions")`."""
    found = frozenset(names)
    if not all(_PERMISSION.fullmatch(name) for name in found):
        raise InvalidInput("permissions", "must look like appointments:read")
    return found


def check_role(name: str) -> str:
    """Take a role's name, such as `doctor`. Raises `InvalidInput("role")`."""
    if not _ROLE.fullmatch(name):
        raise InvalidInput("role", "must be small letters, digits, '_', '.' or '-'")
    return name
