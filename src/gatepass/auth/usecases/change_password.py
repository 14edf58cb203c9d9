"""Change one's own password: everything that the user holds ends, and who asks goes on in a new session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import (
    Change,
    Conflict,
    EventRecorded,
    PasswordChanged,
    SessionIsLive,
    SessionStarted,
)
from gatepass.auth.cut_offs import cut_off
from gatepass.auth.errors import Contended, InvalidInput
from gatepass.auth.events import Event, EventKind
from gatepass.auth.mails import MailKind
from gatepass.auth.usecases import _new_passwords
from gatepass.auth.usecases._confirming import charge_for, confirmed
from gatepass.auth.usecases._entering import enter
from gatepass.auth.usecases._mailing import mail
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import CheckedSession, LoggedIn
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def change_password(
    auth: Auth, *, checked: CheckedSession, current: str, new: str, client: Client, now: float
) -> LoggedIn:
    """Give the session in which the user goes on.

    Asks for the current password (`_confirming`), and tells the mailbox. Raises `InvalidInput`,
    `TooManyAttempts`, `PasswordRefused`, `SessionRefused`.
    """
    await _new_passwords.check(auth, checked.user, new, field="new_password")
    if new == current:  # no change, and so nothing that should log anybody out
        raise InvalidInput("new_password", "is the current password; choose another")
    refunds = await charge_for(auth, checked.user, client=client, now=now)
    for _ in range(TRIES):
        session, user = await confirmed(auth, checked, current=current, client=client, now=now)
        changed = PasswordChanged(user.id, await auth.passwords.hash(new))
        entered, changes = _gone_on(auth, user, client=client, now=now)
        try:
            await auth.store.commit(SessionIsLive(session.sid), *changes, changed, *refunds)
        except Conflict:
            continue  # a kick or another change came while the password was hashed: look again
        return entered
    raise Contended


def _gone_on(auth: Auth, user: User, *, client: Client, now: float) -> tuple[LoggedIn, tuple[Change, ...]]:
    cut, changes = cut_off(user, now=now)
    entered = enter(auth, cut, client=client, now=now)
    event = Event(now, EventKind.PASSWORD_CHANGED, user.id, entered.session.sid, user.id, client.address)
    notice = mail(auth, MailKind.PASSWORD_CHANGED, cut, email=cut.email, now=now)
    return entered, (*changes, SessionStarted(entered.session), EventRecorded(event), notice)
