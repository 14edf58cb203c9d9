"""Edit a user: an administrator or the command line changes names and e-mail address, never a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import Conflict, EventRecorded, Revoked, UserChanged
from gatepass.auth.errors import Contended, EmailTaken, NotPermitted
from gatepass.auth.events import Event, EventKind
from gatepass.auth.mails import MailKind
from gatepass.auth.permissions import may_administer
from gatepass.auth.revocations import user_changed
from gatepass.auth.usecases._finding import find
from gatepass.auth.usecases._mailing import mail
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus, clean_name, normalise_email

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import Change
    from gatepass.auth.terms import Client


async def edit_user(
    auth: Auth,
    *,
    email: str | None = None,
    user_id: str | None = None,
    new_email: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Change what is given of a user, found by e-mail address or id; nothing is written when that is so
    already. Raises `UserUnknown`, `InvalidInput`, `EmailTaken`, `NotPermitted`.

    Only the command line changes an administrator's address: who has it can have the password reset, and a
    stolen administrator's session would become another administrator's.
    """
    require_admin(actor)
    for _ in range(TRIES):
        user = await find(auth, email=email, user_id=user_id)
        after = _edited(user, new_email=new_email, first_name=first_name, last_name=last_name)
        if after == user:
            return user
        if after.email != user.email and may_administer(user) and actor != "cli":
            raise NotPermitted
        after = msgspec.structs.replace(after, epoch=user.epoch + 1)
        try:
            await auth.store.commit(
                UserChanged(after, user.epoch),
                Revoked(user_changed(user.id, after.epoch, now=now)),
                *_told(auth, user, after, actor=actor, client=client, now=now),
            )
        except Conflict:
            holder = await auth.store.user_by_email(after.email)
            if holder is not None and holder.id != user.id:
                raise EmailTaken from None
            continue
        return after
    raise Contended


def _edited(user: User, *, new_email: str | None, first_name: str | None, last_name: str | None) -> User:
    return msgspec.structs.replace(
        user,
        email=user.email if new_email is None else normalise_email(new_email),
        first_name=user.first_name if first_name is None else clean_name(first_name, field="first_name"),
        last_name=user.last_name if last_name is None else clean_name(last_name, field="last_name"),
    )


def _told(
    auth: Auth, user: User, after: User, *, actor: Actor, client: Client | None, now: float
) -> list[Change]:
    """Say what stands in the log, and who hears of it by mail."""
    told: list[Change] = []
    if after.name != user.name:
        told.append(
            EventRecorded(
                Event(now, EventKind.NAMES_CHANGED, user.id, None, actor_id(actor), address_of(client))
            )
        )
    if after.email != user.email:
        told.append(
            EventRecorded(
                Event(now, EventKind.EMAIL_CHANGED, user.id, None, actor_id(actor), address_of(client))
            )
        )
        if user.status is UserStatus.INVITED:  # the link lies in the wrong mailbox, and no longer works
            told.append(mail(auth, MailKind.INVITE, after, email=after.email, now=now))
        else:
            told.append(mail(auth, MailKind.EMAIL_CHANGED, after, email=user.email, now=now))
    return told
