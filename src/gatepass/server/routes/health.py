"""Whether Auth is well: for who starts it, and for who sends it requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import AuthError
from gatepass.server.answers import Refused
from gatepass.server.messages import Health
from gatepass.server.operation import Operation

if TYPE_CHECKING:
    from gatepass.server.request import Call


async def alive(_call: Call, _: None) -> Health:
    """Say that the process answers."""
    return Health(status="ok")


async def ready(call: Call, _: None) -> Health:
    """Say that the database answers and a key is there to sign with."""
    auth = call.site.auth
    try:
        await auth.store.signing_keys()
        auth.keyring.ring.signing_key(call.now)
    except AuthError:
        raise Refused("busy", retry_after=1) from None
    return Health(status="ok")


ROWS: Final = (
    Operation(
        method="GET",
        path="/healthz",
        name="healthz",
        summary="Whether the process answers",
        tag="operation",
        handler=alive,
        answers=(Health,),
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="readyz",
        summary="Whether the database answers and a key is there to sign with",
        tag="operation",
        handler=ready,
        answers=(Health,),
        problems=frozenset({"busy"}),
    ),
)
