"""Log in: e-mail and password → a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth.changes import (
    AttemptCharged,
    AttemptRefunded,
    Change,
    Conflict,
    EventRecorded,
    PasswordRehashed,
    SessionsCapped,
    SessionStarted,
    UserIsAt,
)
from gatepass.auth.errors import Contended, InvalidInput, LoginRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.sessions import EndReason
from gatepass.auth.throttle import account_key, address_key
from gatepass.auth.usecases._attempts import charge
from gatepass.auth.usecases._entering import enter
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus, normalise_email

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import LoggedIn
    from gatepass.auth.terms import Client

SESSIONS_PER_USER: Final = 100
"""Live sessions of one user: more than the devices and browsers of any person, and few enough that nobody can
fill the database by logging in. The oldest give way."""
SESSIONS_ENDED: Final = 50
"""Ended in one commit at most: one is the rule, the rest comes from a time without this limit."""


async def log_in(auth: Auth, *, email: str, password: str, client: Client, now: float) -> LoggedIn:
    """Start a session. Raises `LoginRefused`, the same for every cause, or `TooManyAttempts`.

    An unknown user costs the same work as a known one: the same look-ups, one password hash, one commit.
    """
    try:
        address = normalise_email(email)
    except InvalidInput:
        address = ""  # nobody's; goes the whole way like any other
    charges = (
        AttemptCharged(account_key(address or email), auth.terms.account_limit, now),
        AttemptCharged(address_key(client.address), auth.terms.address_limit, now),
    )
    await charge(auth, *charges, client=client, now=now)  # before the password is looked at
    for _ in range(TRIES):
        found = await auth.store.credentials_by_email(address)
        user, encoded = found if found is not None else (None, None)
        good = await auth.passwords.verify(encoded, password)
        if user is None or encoded is None or not good or user.status is not UserStatus.ACTIVE:
            await _record_failure(auth, user, good=good, client=client, now=now)
            raise LoginRefused
        result, changes = _started(auth, user, client=client, now=now)
        refunds = tuple(AttemptRefunded(charged.key, charged.limit) for charged in charges)
        try:
            await auth.store.commit(*changes, *refunds, *await _rehashed(auth, user, encoded, password))
        except Conflict:
            continue  # the user changed while the password was hashed: look again
        return result
    raise Contended


def _started(auth: Auth, user: User, *, client: Client, now: float) -> tuple[LoggedIn, tuple[Change, ...]]:
    entered = enter(auth, user, client=client, now=now)
    event = Event(now, EventKind.LOGGED_IN, user.id, entered.session.sid, user.id, client.address)
    changes = (
        UserIsAt(user.id, user.epoch),
        _capped(user, client=client, now=now),
        SessionStarted(entered.session),
        EventRecorded(event),
    )
    return entered, changes


def _capped(user: User, *, client: Client, now: float) -> SessionsCapped:
    """Make room for one more."""
    reason = EndReason.TOO_MANY_SESSIONS
    event = Event(now, EventKind.SESSION_ENDED, user.id, None, user.id, client.address, reason.value)
    return SessionsCapped(user.id, SESSIONS_PER_USER - 1, SESSIONS_ENDED, now, reason, event)


async def _rehashed(auth: Auth, user: User, encoded: str, password: str) -> tuple[Change, ...]:
    if not auth.passwords.needs_rehash(encoded):
        return ()
    return (PasswordRehashed(user.id, encoded, await auth.passwords.hash(password)),)


async def _record_failure(auth: Auth, user: User | None, *, good: bool, client: Client, now: float) -> None:
    event = Event(now, EventKind.LOGIN_FAILED, address=client.address, reason="unknown_user")
    if user is not None:
        reason = "user_disabled" if good else "wrong_password"
        event = msgspec.structs.replace(event, user_id=user.id, reason=reason)
    await auth.store.commit(EventRecorded(event))
