"""Charge attempts: all or none, and say how long to wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import throttle
from gatepass.auth.changes import Conflict
from gatepass.auth.errors import TooManyAttempts

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import AttemptCharged


async def charge(auth: Auth, *charges: AttemptCharged, now: float) -> None:
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
        raise TooManyAttempts(max(waits)) from None
