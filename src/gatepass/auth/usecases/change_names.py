"""Change one's own names, with the password: tokens carry them, so they are renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import Conflict, EventRecorded, Revoked, SessionIsLive, UserChanged
from gatepass.auth.errors import Contended
from gatepass.auth.events import Event, EventKind
from gatepass.auth.revocations import user_changed
from gatepass.auth.usecases._confirming import charge_for, confirmed
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import clean_name

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import CheckedSession
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def change_names(
    auth: Auth,
    *,
    checked: CheckedSession,
    current: str,
    first_name: str,
    last_name: str,
    client: Client,
    now: float,
) -> User:
    """Take other names at once. Raises `InvalidInput`, `TooManyAttempts`, `PasswordRefused`,
    `SessionRefused`."""
    first, last = clean_name(first_name, field="first_name"), clean_name(last_name, field="last_name")
    refunds = await charge_for(auth, checked.user, client=client, now=now)
    for _ in range(TRIES):
        session, user = await confirmed(auth, checked, current=current, client=client, now=now)
        after = msgspec.structs.replace(user, first_name=first, last_name=last, epoch=user.epoch + 1)
        event = Event(now, EventKind.NAMES_CHANGED, user.id, session.sid, user.id, client.address)
        try:
            await auth.store.commit(
                SessionIsLive(session.sid),
                UserChanged(after, user.epoch),
                Revoked(user_changed(user.id, after.epoch, now=now)),
                EventRecorded(event),
                *refunds,
            )
        except Conflict:
            continue
        return after
    raise Contended
