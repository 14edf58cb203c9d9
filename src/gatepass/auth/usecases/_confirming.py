"""Ask for the current password once more, under the limits of a log-in: a stolen session must not guess
faster than a stranger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import sessions
from gatepass.auth.changes import AttemptCharged, AttemptRefunded, EventRecorded
from gatepass.auth.errors import PasswordRefused, SessionRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.throttle import account_key, address_key
from gatepass.auth.usecases._attempts import charge

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import CheckedSession
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def charge_for(auth: Auth, user: User, *, client: Client, now: float) -> tuple[AttemptRefunded, ...]:
    """Charge one attempt; gives what takes it back. Raises `TooManyAttempts`."""
    charges = (
        AttemptCharged(account_key(user.email), auth.terms.account_limit, now),
        AttemptCharged(address_key(client.address), auth.terms.address_limit, now),
    )
    await charge(auth, *charges, client=client, now=now)  # before the password is looked at
    return tuple(AttemptRefunded(charged.key, charged.limit) for charged in charges)


async def confirmed(
    auth: Auth, checked: CheckedSession, *, current: str, client: Client, now: float
) -> tuple[Session, User]:
    """Give session and user as of now, if the password is theirs. Raises `PasswordRefused`,
    `SessionRefused`."""
    session, user, encoded = await _as_of_now(auth, checked.session, now=now)
    if not await auth.passwords.verify(encoded, current):
        event = Event(now, EventKind.PASSWORD_REFUSED, user.id, session.sid, user.id, client.address)
        await auth.store.commit(EventRecorded(event))
        raise PasswordRefused
    return session, user


async def _as_of_now(auth: Auth, session: Session, *, now: float) -> tuple[Session, User, str | None]:
    """Look again at who asks: hashing takes its time, and a session may end meanwhile."""
    found = await auth.store.session_by_sid(session.sid)
    if found is None:
        raise SessionRefused("session_unknown")
    code = sessions.refusal(*found, now=now)
    if code is not None:
        raise SessionRefused(code)
    credentials = await auth.store.credentials_by_email(found[1].email)
    return (*found, None if credentials is None else credentials[1])
