"""The event log, for administrators; auth itself asks for `gatepass:admin`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import EventFilter, usecases
from gatepass.server.bodies import EventsQuery
from gatepass.server.messages import EventItem, Events
from gatepass.server.operation import Access, Operation

if TYPE_CHECKING:
    from gatepass.server.request import Call


async def list_events(call: Call, query: EventsQuery) -> Events:
    """List events, a part at a time."""
    part = await usecases.list_events(
        call.site.auth,
        actor=call.checked.user,
        wanted=EventFilter(kind=query.kind, user_id=query.user_id, since=query.since),
        after=None if query.after is None else int(query.after),
        limit=query.limit,
    )
    items = [EventItem(seq=line.seq, **msgspec.structs.asdict(line.event)) for line in part.events]
    return Events(events=items, next=None if part.at_end else str(part.reached))


ROWS: Final = (
    Operation(
        method="GET",
        path="/api/admin/events",
        name="list_events",
        summary="List events: who did what, when, from where and why (needs gatepass:admin)",
        tag="administration",
        handler=list_events,
        access=Access.LOGGED_IN,
        query=EventsQuery,
        answers=(Events,),
        problems=frozenset({"insufficient_scope"}),
    ),
)
