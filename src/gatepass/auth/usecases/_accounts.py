"""Make an account: what registering and adding a user share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import passwords
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


async def make_account(
    auth: Auth,
    *,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    roles: frozenset[str],
    permissions: frozenset[str],
    kind: EventKind,
    actor: str | None,
    address: str | None,
    accept: Callable[[frozenset[str]], None],
    now: float,
) -> User:
    """Check, hash, and add; `accept` may refuse what the user would be granted.

    Raises `InvalidInput`, `EmailTaken`.
    """
    normalised = normalise_email(email)
    first, last = clean_name(first_name, field="first_name"), clean_name(last_name, field="last_name")
    # Hashed before anybody looks whether the address is taken: the same work for both answers.
    encoded = await auth.passwords.hash(passwords.check_new_password(password))
    for _ in range(TRIES):
        defined = await auth.store.roles()
        granted = effective(roles=roles, permissions=permissions, defined=defined)
        accept(granted)
        user = User(
            id=new_id(auth.entropy),
            email=normalised,
            first_name=first,
            last_name=last,
            status=UserStatus.ACTIVE,
            roles=roles,
            permissions=permissions,
            granted=granted,
            epoch=0,
            revoked_below=0,
            created_at=now,
        )
        event = Event(now, kind, user.id, actor=actor or user.id, address=address)
        guards = [RoleIs(role, defined[role]) for role in sorted(roles)]
        try:
            await auth.store.commit(*guards, UserAdded(user, encoded), EventRecorded(event))
        except Conflict as conflict:
            if isinstance(conflict.change, UserAdded):
                raise EmailTaken from None
            continue
        return user
    raise Contended
