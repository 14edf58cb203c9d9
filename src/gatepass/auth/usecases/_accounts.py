"""Make an account: what registering, adding and inviting a user share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import Conflict, EventRecorded, RoleIs, UserAdded
from gatepass.auth.errors import Contended, EmailTaken
from gatepass.auth.events import Event, EventKind
from gatepass.auth.opaque import new_id
from gatepass.auth.permissions import effective
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus, clean_name, normalise_email

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import Change


def sketched(
    auth: Auth,
    *,
    email: str,
    first_name: str,
    last_name: str,
    status: UserStatus,
    roles: frozenset[str],
    permissions: frozenset[str],
    now: float,
) -> User:
    """Check what is known of a new user, who is granted nothing yet. Raises `InvalidInput`."""
    return User(
        id=new_id(auth.entropy),
        email=normalise_email(email),
        first_name=clean_name(first_name, field="first_name"),
        last_name=clean_name(last_name, field="last_name"),
        status=status,
        roles=roles,
        permissions=permissions,
        granted=frozenset(),
        epoch=0,
        revoked_below=0,
        created_at=now,
    )


async def make_account(
    auth: Auth,
    sketch: User,
    encoded: str | None,
    *further: Change,
    kind: EventKind,
    actor: str | None,
    address: str | None,
    accept: Callable[[frozenset[str]], None],
    now: float,
) -> User:
    """Add the user with what the roles carry, and `further` behind; `accept` may refuse what is granted.

    Raises `EmailTaken`, `RoleUnknown`.
    """
    for _ in range(TRIES):
        defined = await auth.store.roles()
        granted = effective(roles=sketch.roles, permissions=sketch.permissions, defined=defined)
        accept(granted)
        user = msgspec.structs.replace(sketch, granted=granted)
        event = Event(now, kind, user.id, actor=actor or user.id, address=address)
        guards = [RoleIs(role, defined[role]) for role in sorted(user.roles)]
        try:
            await auth.store.commit(*guards, UserAdded(user, encoded), EventRecorded(event), *further)
        except Conflict as conflict:
            if isinstance(conflict.change, UserAdded):
                raise EmailTaken from None
            continue
        return user
    raise Contended
