"""Send a mail that waits: one process takes it, and it is tried again for as long as it has a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

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
from gatepass.auth.users import UserStatus

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.mails import Mail
    from gatepass.auth.ports import Mailer
    from gatepass.auth.users import User


async def send_mail(auth: Auth, mailer: Mailer, *, now: float) -> bool:
    """Try the mail that is due for longest, and say whether there was one.

    What could not be sent comes again, later each time.

    One at a time, because a mail is taken from `now` on: behind slow ones in the same call, the last would be
    due again, for another process, before it was even begun.
    """
    for queued, user in await auth.store.mails_due(now, 1):
        mail, reader = await _as_it_goes_out(auth, queued, user, now=now)
        if reader is None:
            await auth.store.commit(MailDropped(mail.id))
        else:
            await _send(auth, mailer, mail, reader, now=now)
        return True
    return False


async def _as_it_goes_out(
    auth: Auth, mail: Mail, user: User | None, *, now: float
) -> tuple[Mail, User | None]:
    """Give the mail and its reader, None where it has none (any more).

    A mailbox that is an account's already gets no link, which could only fail; its owner hears that somebody
    asked. That is decided here, so that who asked sees one answer and one work.
    """
    if user is None or not mails.is_wanted(mail, user, now=now):
        return mail, None
    if mail.kind is not MailKind.CONFIRM_EMAIL:
        return mail, user
    holder = await auth.store.user_by_email(mail.email)
    if holder is None:
        return mail, user
    notice = msgspec.structs.replace(mail, kind=MailKind.ADDRESS_ASKED)
    is_told = holder.id != user.id and holder.status is not UserStatus.DISABLED
    return notice, holder if is_told else None


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
