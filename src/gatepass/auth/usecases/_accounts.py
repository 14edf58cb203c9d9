"""Make an account: what registering, adding and inviting a user share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.actors import Actor, actor_id, address_of
from gatepass.auth.changes import Conflict, EventRecorded, RoleIs, UserAdded
from gatepass.auth.errors import Contended, EmailTaken, NotPermitted
from gatepass.auth.events import Event, EventKind
from gatepass.auth.opaque import new_id
from gatepass.auth.permissions import check_permissions, check_role, effective, may_administer
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus, clean_name, normalise_email

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import Change
    from gatepass.auth.terms import Client


def sketched(
    auth: Auth,
    *,
    email: str,
    first_name: str,
    last_name: str,
    status: UserStatus,
    roles: Iterable[str],
    permissions: Iterable[str],
    now: float,
) -> User:
    """Check what is known of a new user, who is granted nothing yet. Raises `InvalidInput`."""
    held = frozenset(check_role(role) for role in roles)
    directly = check_permissions(permissions)
    return User(
        id=new_id(auth.entropy),
        email=normalise_email(email),
        first_name=clean_name(first_name, field="first_name"),
        last_name=clean_name(last_name, field="last_name"),
        status=status,
        roles=held,
        permissions=directly,
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
    actor: Actor | None,
    client: Client | None,
    now: float,
) -> User:
    """Add the user with what the roles carry, and `further` behind. Raises `EmailTaken`, `RoleUnknown`,
    `NotPermitted`.

    Only the command line makes administrators: a stolen administrator's session cannot multiply. Without an
    actor it is the user who acts.
    """
    for _ in range(TRIES):
        defined = await auth.store.roles()
        granted = effective(roles=sketch.roles, permissions=sketch.permissions, defined=defined)
        user = msgspec.structs.replace(sketch, granted=granted)
        if may_administer(user) and actor != "cli":
            raise NotPermitted
        event = Event(now, kind, user.id, actor=actor_id(actor or user), address=address_of(client))
        guards = [RoleIs(role, defined[role]) for role in sorted(user.roles)]
        try:
            await auth.store.commit(*guards, UserAdded(user, encoded), EventRecorded(event), *further)
        except Conflict as conflict:
            if isinstance(conflict.change, UserAdded):
                raise EmailTaken from None
            continue
        return user
    raise Contended
