"""How many requests and look-ups there were: only where the settings ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.server.messages import Counts
from gatepass.server.operation import Operation

if TYPE_CHECKING:
    from gatepass.server.request import Call


async def counts(call: Call, _: None) -> Counts:
    """Give the counts; asking for them is not counted."""
    site = call.site
    return Counts(
        requests=site.counters.total(),
        lookups=site.auth.store.lookups,
        by_route=site.counters.by_route(),
    )


ROWS: Final = (
    Operation(
        method="GET",
        path="/api/counters",
        name="counters",
        summary="Requests and database look-ups since the start",
        tag="operation",
        handler=counts,
        answers=(Counts,),
        counted=False,
    ),
)
