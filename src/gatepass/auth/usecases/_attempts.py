"""Charge attempts: all or none, and say how long to wait."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gatepass.auth import throttle
from gatepass.auth.changes import AttemptCharged, Conflict, EventRecorded
from gatepass.auth.errors import TooManyAttempts
from gatepass.auth.events import Event, EventKind
from gatepass.auth.throttle import Limit

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client

TOLD: Final = Limit(attempts=1, window=60)
"""Of one address, so often does the event log say that it must wait. A refusal costs nothing, so a line for
each would let a stranger fill the disk."""


async def charge(auth: Auth, *charges: AttemptCharged, client: Client, now: float) -> None:
    """Charge each key once.

    Raises `TooManyAttempts`; then nothing is charged, so trying on does not lengthen the wait.
    """
    try:
        await auth.store.commit(*charges)
    except Conflict:
        waits = [1]
        for charged in charges:
            arrival = await auth.store.attempt(charged.key)
            if arrival is not None:
                waits.append(throttle.wait(arrival, charged.limit, now=now))
        await _tell(auth, client=client, now=now)
        raise TooManyAttempts(max(waits)) from None


async def _tell(auth: Auth, *, client: Client, now: float) -> None:
    """Leave a line in the event log, unless there was one of that address a moment ago."""
    event = Event(now, EventKind.ATTEMPTS_EXCEEDED, address=client.address, reason="too_many_attempts")
    told = AttemptCharged("told:" + throttle.address_key(client.address), TOLD, now)
    with suppress(Conflict):
        await auth.store.commit(told, EventRecorded(event))
