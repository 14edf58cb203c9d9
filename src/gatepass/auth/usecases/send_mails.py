"""Send the mails that wait: each is taken by one process, and tried again for as long as it has a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import links, mails
from gatepass.auth.changes import (
    Change,
    Conflict,
    EventRecorded,
    LinkIssued,
    MailDropped,
    MailTaken,
    UserIsAt,
)
from gatepass.auth.errors import MailFailed, MailRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.mails import MailKind
from gatepass.auth.opaque import LinkSecret

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.mails import Mail
    from gatepass.auth.ports import Mailer
    from gatepass.auth.users import User

AT_ONCE: Final = 20
"""Mails in one call."""


async def send_mails(auth: Auth, mailer: Mailer, *, now: float) -> int:
    """Try what is due; gives how many there were. What could not be sent comes again, later each time."""
    due = await auth.store.mails_due(now, AT_ONCE)
    for mail, user in due:
        if user is None or not await _is_wanted(auth, mail, user, now=now):
            await auth.store.commit(MailDropped(mail.id))
        else:
            await _send(auth, mailer, mail, user, now=now)
    return len(due)


async def _is_wanted(auth: Auth, mail: Mail, user: User, *, now: float) -> bool:
    if not mails.is_wanted(mail, user, now=now):
        return False
    # No link to a mailbox that is an account's already: it could only fail, and nobody is told why.
    return mail.kind is not MailKind.CONFIRM_EMAIL or await auth.store.user_by_email(mail.email) is None


async def _send(auth: Auth, mailer: Mailer, mail: Mail, user: User, *, now: float) -> None:
    """Take it, so that nobody else does; make its link; hand it over; and take it out of the queue.

    Between the last two a crash sends it twice: the link of the later one is good.
    """
    secret, issued = _link(auth, mail, user, now=now)
    taken = MailTaken(mail.id, mail.next_at, now + mails.pause(mail.tries))
    try:
        await auth.store.commit(taken, *issued)
    except Conflict:
        return  # another process has it, or the user changed: look again when it is due
    try:
        await mailer.send(mails.letter(mail, secret=secret, terms=auth.terms))
    except MailFailed:
        return  # the adapter has logged why
    except MailRefused:
        kind = EventKind.MAIL_REFUSED
    else:
        kind = EventKind.MAIL_SENT
    event = Event(now, kind, user.id, reason=mail.kind.value)
    await auth.store.commit(MailDropped(mail.id), EventRecorded(event))


def _link(auth: Auth, mail: Mail, user: User, *, now: float) -> tuple[LinkSecret | None, tuple[Change, ...]]:
    purpose = mails.PURPOSES.get(mail.kind)
    if purpose is None:
        return None, ()
    secret = LinkSecret.new(auth.entropy)
    link = links.issue(
        user, purpose=purpose, email=mail.email, id_hash=secret.hash(), terms=auth.terms, now=now
    )
    return secret, (UserIsAt(user.id, user.epoch), LinkIssued(link))
