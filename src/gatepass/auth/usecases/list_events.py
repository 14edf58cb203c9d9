"""List events: a part of the log at a time, forwards, and only what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth.actors import Actor, require_admin
from gatepass.auth.results import EventsPart

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.events import EventFilter, RecordedEvent

LOOKED_AT: Final = 2_000
"""Lines that one call looks at, whatever it finds: some ten milliseconds. The log has no index but its order,
since each would cost every refresh; who wants little of much comes again."""

OUT_OF_ORDER: Final = 60.0
"""Seconds that a line may stand behind a later one: a log-in takes its time from the clock, then waits for
its password to be hashed; and the clocks of two machines differ."""


async def list_events(
    auth: Auth, *, actor: Actor, wanted: EventFilter, after: int | None = None, limit: int = 100
) -> EventsPart:
    """Give what is wanted from behind a place. Raises `NotPermitted`."""
    require_admin(actor)
    place = await place_of(auth, wanted) if after is None else after
    seen = await auth.store.events_after(place, LOOKED_AT)
    found: list[RecordedEvent] = []
    for recorded in seen:
        if wanted.takes(recorded.event):
            found.append(recorded)
            if len(found) == limit:
                return EventsPart(found, recorded.seq, at_end=False)
    return EventsPart(found, seen[-1].seq if seen else place, at_end=len(seen) < LOOKED_AT)


async def place_of(auth: Auth, wanted: EventFilter) -> int:
    """Say behind which place the first line stands that can be wanted: a few dozen looks, however long the
    log is."""
    if wanted.since is None:
        return 0
    return await _last(auth, before=wanted.since - OUT_OF_ORDER)


async def last_place(auth: Auth, *, actor: Actor) -> int:
    """Say where the log ends. Raises `NotPermitted`."""
    require_admin(actor)
    place = await _last(auth, before=float("inf"))
    while seen := await auth.store.events_after(place, LOOKED_AT):  # what came, or was numbered, meanwhile
        place = seen[-1].seq
    return place


async def _last(auth: Auth, *, before: float) -> int:
    """Find the last line from before a moment: in longer and longer steps, then in shorter ones."""
    place, step = 0, 1
    while await _is_before(auth, place + step - 1, before):
        place, step = place + step, step * 2
    while step:
        if await _is_before(auth, place + step - 1, before):
            place += step
        step //= 2
    return place


async def _is_before(auth: Auth, place: int, moment: float) -> bool:
    """Say whether the first line behind a place is from before a moment."""
    first = await auth.store.events_after(place, 1)
    return bool(first) and first[0].event.at < moment
