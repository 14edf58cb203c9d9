"""Change one's own e-mail address: asked for with the password, done when the new mailbox has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import (
    AttemptCharged,
    AttemptRefunded,
    Conflict,
    EventRecorded,
    LinkUsed,
    Revoked,
    SessionIsLive,
    UserChanged,
    UserIsAt,
)
from gatepass.auth.errors import Contended, LinkRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.links import Purpose
from gatepass.auth.mails import MailKind
from gatepass.auth.revocations import user_changed
from gatepass.auth.throttle import MAIL_LIMIT, address_key, mail_key
from gatepass.auth.usecases._attempts import charge
from gatepass.auth.usecases._confirming import charge_for, confirmed
from gatepass.auth.usecases._linking import looked_at, presented
from gatepass.auth.usecases._mailing import mail
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import normalise_email

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import CheckedSession
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User

_CONFIRMS = frozenset({Purpose.EMAIL})


async def change_email(
    auth: Auth, *, checked: CheckedSession, current: str, email: str, client: Client, now: float
) -> None:
    """Have a one-time link sent to the new address, and a notice to the old one.

    Whether the new address has an account is told nobody but its owner, who then gets a mail without a link.
    Raises `InvalidInput`, `TooManyAttempts`, `PasswordRefused`, `SessionRefused`.
    """
    new = normalise_email(email)
    refunds = await charge_for(auth, checked.user, client=client, now=now)
    # Behind the password, and never refunded: it is a mail in a box that need not be theirs.
    for _ in range(TRIES):
        session, user = await confirmed(auth, checked, current=current, client=client, now=now)
        await charge(auth, AttemptCharged(mail_key(new), MAIL_LIMIT, now), client=client, now=now)
        event = Event(now, EventKind.EMAIL_CHANGE_ASKED, user.id, session.sid, user.id, client.address)
        try:
            await auth.store.commit(
                SessionIsLive(session.sid),
                UserIsAt(user.id, user.epoch),
                mail(auth, MailKind.CONFIRM_EMAIL, user, email=new, now=now),
                mail(auth, MailKind.EMAIL_CHANGING, user, email=user.email, now=now),
                EventRecorded(event),
                *refunds,
            )
        except Conflict:
            continue
        return
    raise Contended


async def look_at_address(auth: Auth, *, link: str, now: float) -> str:
    """Say which address the link would confirm, without using it up. Raises `LinkRefused`."""
    found, _ = await looked_at(auth, link, purposes=_CONFIRMS, now=now)
    return found.email


async def confirm_email(auth: Auth, *, link: str, client: Client, now: float) -> User:
    """Use the link up: the user has the new address, and tokens are renewed. Raises `LinkRefused`,
    `TooManyAttempts`."""
    charged = AttemptCharged(address_key(client.address), auth.terms.address_limit, now)
    await charge(auth, charged, client=client, now=now)
    for _ in range(TRIES):
        found, user = await presented(auth, link, purposes=_CONFIRMS, client=client, now=now)
        after = msgspec.structs.replace(user, email=found.email, epoch=user.epoch + 1)
        event = Event(now, EventKind.EMAIL_CHANGED, user.id, actor=user.id, address=client.address)
        try:
            await auth.store.commit(
                LinkUsed(found.hash),
                UserChanged(after, user.epoch),
                Revoked(user_changed(user.id, after.epoch, now=now)),
                mail(auth, MailKind.EMAIL_CHANGED, after, email=user.email, now=now),
                EventRecorded(event),
                AttemptRefunded(charged.key, charged.limit),
            )
        except Conflict:
            if (holder := await auth.store.user_by_email(found.email)) and holder.id != user.id:
                raise LinkRefused("link_beaten") from None
            continue
        return after
    raise Contended
