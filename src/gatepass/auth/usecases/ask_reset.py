"""Ask for another password in the place of one that was forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import AttemptCharged, Conflict, EventRecorded
from gatepass.auth.errors import InvalidInput
from gatepass.auth.events import Event, EventKind
from gatepass.auth.mails import MailKind
from gatepass.auth.throttle import MAIL_LIMIT, address_key, mail_key
from gatepass.auth.usecases._attempts import charge
from gatepass.auth.usecases._mailing import mail
from gatepass.auth.users import UserStatus, normalise_email

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client


async def ask_reset(auth: Auth, *, email: str, client: Client, now: float) -> None:
    """Have a one-time link sent to whoever has the address, if anybody may come in with it.

    Answer and work are the same whether there is an account: one look-up, one commit of an event and a mail,
    of which one that nobody is to get is dropped by who sends. Raises `TooManyAttempts`.
    """
    try:
        address = normalise_email(email)
    except InvalidInput:
        address = ""  # nobody's; goes the whole way like any other
    # Never refunded: each may be a mail in somebody's box, and the limits count what was typed, known or not.
    await charge(
        auth,
        AttemptCharged(mail_key(address or email), MAIL_LIMIT, now),
        AttemptCharged(address_key(client.address), auth.terms.address_limit, now),
        client=client,
        now=now,
    )
    user = await auth.store.user_by_email(address)
    user_id = None if user is None else user.id
    event = Event(now, EventKind.RESET_ASKED, user_id, address=client.address)
    if user is not None and user.status is UserStatus.DISABLED:
        user = None
    try:
        queued = mail(auth, MailKind.RESET, user, email=address, now=now)
        await auth.store.commit(EventRecorded(event), queued)
    except Conflict:
        return  # the account was deleted this very moment
