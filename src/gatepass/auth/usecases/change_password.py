"""Change one's own password: everything that the user holds ends, and who asks goes on in a new session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import passwords, sessions
from gatepass.auth.changes import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    EventRecorded,
    PasswordChanged,
    SessionIsLive,
    SessionStarted,
)
from gatepass.auth.cut_offs import cut_off
from gatepass.auth.errors import Contended, PasswordRefused, SessionRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.opaque import SessionId, new_id
from gatepass.auth.results import LoggedIn
from gatepass.auth.throttle import account_key, address_key
from gatepass.auth.usecases._attempts import charge
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import CheckedSession
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def change_password(
    auth: Auth, *, checked: CheckedSession, current: str, new: str, client: Client, now: float
) -> LoggedIn:
    """Give the session in which the user goes on: a new id at every change of privilege (ASVS 5.0, 7.2.4).

    Asks for the current password, under the same limits as a log-in: a stolen session must not guess faster
    than a stranger. Raises `InvalidInput("new_password")`, `TooManyAttempts`, `PasswordRefused`,
    `SessionRefused`.
    """
    passwords.check_new_password(new, field="new_password")
    charges = (
        AttemptCharged(account_key(checked.user.email), auth.terms.account_limit, now),
        AttemptCharged(address_key(client.address), auth.terms.address_limit, now),
    )
    await charge(auth, *charges, client=client, now=now)  # before the password is looked at
    for _ in range(TRIES):
        session, user, encoded = await _as_of_now(auth, checked.session, now=now)
        if not await auth.passwords.verify(encoded, current):
            event = Event(now, EventKind.PASSWORD_REFUSED, user.id, session.sid, user.id, client.address)
            await auth.store.commit(EventRecorded(event))
            raise PasswordRefused
        changed = PasswordChanged(user.id, await auth.passwords.hash(new))
        entered, changes = _gone_on(auth, user, client=client, now=now)
        refunds = tuple(AttemptRefunded(charged.key, charged.limit) for charged in charges)
        try:
            await auth.store.commit(SessionIsLive(session.sid), *changes, changed, *refunds)
        except Conflict:
            continue  # a kick or another change came while the password was hashed: look again
        return entered
    raise Contended


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


def _gone_on(auth: Auth, user: User, *, client: Client, now: float) -> tuple[LoggedIn, tuple[Change, ...]]:
    cut, changes = cut_off(user, now=now)
    session_id = SessionId.new(auth.entropy)
    session = sessions.start(
        cut,
        id_hash=session_id.hash(),
        sid=new_id(auth.entropy),
        device=client.device,
        address=client.address,
        terms=auth.terms,
        now=now,
    )
    event = Event(now, EventKind.PASSWORD_CHANGED, user.id, session.sid, user.id, client.address)
    return LoggedIn(session_id, session, cut), (*changes, SessionStarted(session), EventRecorded(event))
