"""Grant a user something else: what setting roles and setting permissions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import Change, Conflict, EventRecorded, Revoked, RoleIs, UserChanged
from gatepass.auth.errors import Contended, NotPermitted
from gatepass.auth.events import Event, EventKind
from gatepass.auth.permissions import effective, ways_to_administer
from gatepass.auth.revocations import user_changed
from gatepass.auth.usecases._finding import find
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def grant(
    auth: Auth,
    *,
    email: str | None,
    user_id: str | None,
    wanted: Callable[[User], User],
    reason: str,
    actor: Actor,
    client: Client | None,
    now: float,
) -> User:
    """Write what a user is to hold; nothing is written when that is so already (a client may retry).

    The epoch goes up: tokens renew, nobody is logged out. Raises `UserUnknown`, `RoleUnknown`,
    `NotPermitted`.
    """
    require_admin(actor)
    for _ in range(TRIES):
        user = await find(auth, email=email, user_id=user_id)
        after = wanted(user)
        if after == user:
            return user
        defined = await auth.store.roles()
        granted = effective(roles=after.roles, permissions=after.permissions, defined=defined)
        if actor != "cli" and _ways(user, defined) != _ways(after, defined):
            raise NotPermitted  # only the command line makes administrators, or unmakes them
        after = msgspec.structs.replace(after, granted=granted, epoch=user.epoch + 1)
        address = address_of(client)
        event = Event(now, EventKind.GRANTS_CHANGED, user.id, None, actor_id(actor), address, reason)
        guards: list[Change] = [RoleIs(role, defined[role]) for role in sorted(after.roles)]
        try:
            await auth.store.commit(
                *guards,
                UserChanged(after, user.epoch),
                Revoked(user_changed(user.id, after.epoch, now=now)),
                EventRecorded(event),
            )
        except Conflict:
            continue
        return after
    raise Contended


def _ways(user: User, defined: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return ways_to_administer(roles=user.roles, permissions=user.permissions, defined=defined)
