"""Invite a user: an administrator makes an account, and who it is for chooses the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import Conflict, EventRecorded, UserIsAt
from gatepass.auth.errors import Contended
from gatepass.auth.events import Event, EventKind
from gatepass.auth.mails import MailKind
from gatepass.auth.usecases._accounts import make_account, sketched
from gatepass.auth.usecases._finding import find
from gatepass.auth.usecases._mailing import mail
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client


async def invite_user(
    auth: Auth,
    *,
    email: str,
    first_name: str,
    last_name: str,
    roles: Iterable[str] = (),
    permissions: Iterable[str] = (),
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Make an account without a password; a mail with a one-time link goes out. Raises `InvalidInput`,
    `EmailTaken`, `RoleUnknown`, `NotPermitted`."""
    require_admin(actor)
    sketch = sketched(
        auth,
        email=email,
        first_name=first_name,
        last_name=last_name,
        status=UserStatus.INVITED,
        roles=roles,
        permissions=permissions,
        now=now,
    )
    return await make_account(
        auth,
        sketch,
        None,
        mail(auth, MailKind.INVITE, sketch, email=sketch.email, now=now),
        kind=EventKind.USER_INVITED,
        actor=actor,
        client=client,
        now=now,
    )


async def invite_again(
    auth: Auth,
    *,
    email: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Send another link to a user who has not chosen a password yet, found by e-mail address or id; nothing
    is sent to who has. Raises `UserUnknown`, `NotPermitted`."""
    require_admin(actor)
    for _ in range(TRIES):
        user = await find(auth, email=email, user_id=user_id)
        if user.status is not UserStatus.INVITED:
            return user
        queued = mail(auth, MailKind.INVITE, user, email=user.email, now=now)
        event = Event(now, EventKind.INVITE_REPEATED, user.id, None, actor_id(actor), address_of(client))
        try:
            await auth.store.commit(UserIsAt(user.id, user.epoch), queued, EventRecorded(event))
        except Conflict:
            continue
        return user
    raise Contended
