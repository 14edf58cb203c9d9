"""Set the permissions of a user, all of them; what they may do follows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.permissions import check_permissions
from gatepass.auth.usecases._granting import grant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gatepass.auth.actors import Actor
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def set_permissions(
    auth: Auth,
    *,
    permissions: Iterable[str],
    email: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Give a user these single permissions and no others, found by e-mail address or id.

    What their roles carry stays. Raises `InvalidInput`, `UserUnknown`, and `NotPermitted`: where it would
    make or unmake an administrator, for everybody but the command line.
    """
    held = check_permissions(permissions)
    return await grant(
        auth,
        email=email,
        user_id=user_id,
        wanted=lambda user: msgspec.structs.replace(user, permissions=held),
        reason=" ".join(["permissions:", *sorted(held)]),
        actor=actor,
        client=client,
        now=now,
    )
