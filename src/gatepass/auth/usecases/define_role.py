"""Define a role: what it carries, for everybody who holds it, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import Change, Conflict, EventRecorded, Revoked, RoleDefined, UserChanged
from gatepass.auth.errors import Contended
from gatepass.auth.events import Event, EventKind
from gatepass.auth.permissions import check_permissions, check_role, effective
from gatepass.auth.revocations import user_changed
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gatepass.auth.auth import Auth
    from gatepass.auth.users import User


async def define_role(auth: Auth, *, name: str, permissions: Iterable[str], now: float) -> None:
    """Make or change a role; for the command line. Raises `InvalidInput`.

    Everybody who holds it is granted the new set in the same commit, and their epoch goes up: tokens renew,
    nobody is logged out.
    """
    role, carried = check_role(name), check_permissions(permissions)
    for _ in range(TRIES):
        defined = await auth.store.roles()
        if defined.get(role) == carried:
            return
        holders = await auth.store.users_with_role(role)
        changes: list[Change] = []
        for user in holders:
            changes += _regranted(user, {**defined, role: carried}, now=now)
        event = Event(now, EventKind.ROLE_DEFINED, actor="cli", reason=role)
        change = RoleDefined(role, carried, defined.get(role), len(holders))
        try:
            await auth.store.commit(change, *changes, EventRecorded(event))
        except Conflict:
            continue
        return
    raise Contended


def _regranted(user: User, defined: Mapping[str, frozenset[str]], *, now: float) -> tuple[Change, ...]:
    granted = effective(roles=user.roles, permissions=user.permissions, defined=defined)
    changed = msgspec.structs.replace(user, granted=granted, epoch=user.epoch + 1)
    return UserChanged(changed, user.epoch), Revoked(user_changed(user.id, changed.epoch, now=now))
