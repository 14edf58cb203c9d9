"""Send a mail that waits: one process takes it, and it is tried again for as long as it has a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


async def send_mail(auth: Auth, mailer: Mailer, *, now: float) -> bool:
    """Try the mail that is due for longest, and say whether there was one.

    What could not be sent comes again, later each time.

    One at a time, because a mail is taken from `now` on: behind slow ones in the same call, the last would be
    due again, for another process, before it was even begun.
    """
    for mail, user in await auth.store.mails_due(now, 1):
        if user is None or not await _is_wanted(auth, mail, user, now=now):
            await auth.store.commit(MailDropped(mail.id))
        else:
            await _send(auth, mailer, mail, user, now=now)
        return True
    return False


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
