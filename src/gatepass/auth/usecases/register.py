"""Register: a stranger asks for an account, where the terms allow it, and its mailbox answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import AttemptCharged, Conflict, EventRecorded, UserAdded
from gatepass.auth.errors import Contended, RegistrationClosed
from gatepass.auth.events import Event, EventKind
from gatepass.auth.mails import MailKind
from gatepass.auth.throttle import MAIL_LIMIT, address_key, mail_key
from gatepass.auth.usecases._accounts import sketched
from gatepass.auth.usecases._attempts import charge
from gatepass.auth.usecases._mailing import mail
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import UserStatus

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import Change
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def register(
    auth: Auth, *, email: str, first_name: str, last_name: str, client: Client, now: float
) -> None:
    """Make an account without roles; its owner chooses the password by a one-time link.

    Whether the address has an account is told its owner alone, by mail: the answer is the same, and so is the
    work, one look-up and one commit with an event and a mail, but for the row of a new account. Nobody can
    choose the password of an account in a mailbox that is not theirs. Raises `RegistrationClosed`,
    `InvalidInput`, `TooManyAttempts`.
    """
    if not auth.terms.registration_open:
        raise RegistrationClosed
    sketch = sketched(
        auth,
        email=email,
        first_name=first_name,
        last_name=last_name,
        status=UserStatus.INVITED,
        roles=(),
        permissions=(),
        now=now,
    )
    # Never refunded: each may be a mail in somebody's box.
    await charge(
        auth,
        AttemptCharged(mail_key(sketch.email), MAIL_LIMIT, now),
        AttemptCharged(address_key(client.address), auth.terms.address_limit, now),
        client=client,
        now=now,
    )
    for _ in range(TRIES):
        holder = await auth.store.user_by_email(sketch.email)
        try:
            await auth.store.commit(*_asked(auth, sketch, holder, client=client, now=now))
        except Conflict:
            continue  # somebody got the address, or lost it, this very moment
        return
    raise Contended


def _asked(auth: Auth, sketch: User, holder: User | None, *, client: Client, now: float) -> list[Change]:
    """Say what is written: a new account, or that somebody asked for one that is there; and a mail."""
    if holder is None:
        event = Event(now, EventKind.USER_REGISTERED, sketch.id, actor=sketch.id, address=client.address)
        queued = mail(auth, MailKind.INVITE, sketch, email=sketch.email, now=now)
        return [UserAdded(sketch, None), EventRecorded(event), queued]
    event = Event(now, EventKind.ADDRESS_ASKED, holder.id, address=client.address)
    # Who has not chosen a password yet gets another link; who can't log in gets nothing.
    kind = MailKind.INVITE if holder.status is UserStatus.INVITED else MailKind.ADDRESS_ASKED
    reader = None if holder.status is UserStatus.DISABLED else holder
    return [EventRecorded(event), mail(auth, kind, reader, email=holder.email, now=now)]
