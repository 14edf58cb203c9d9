"""`GET /metrics` for Prometheus: only where the settings ask for it, and only for whom they name."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Final

from gatepass.auth import Secret
from gatepass.server.addresses import is_from_this_machine
from gatepass.server.answers import Answer, Refused
from gatepass.server.credentials import bearer_of
from gatepass.server.metrics import exposition
from gatepass.server.operation import Operation

if TYPE_CHECKING:
    from gatepass.server.request import Call
    from gatepass.server.site import MetricsFor

_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_BY_TOKEN: Final = frozenset({"unauthenticated", "invalid_token", "invalid_request"})


async def metrics(call: Call, _: None) -> Answer:
    """Say how things are."""
    _admit(call, call.site.config.metrics)
    keys = await call.site.auth.store.signing_keys()
    text = exposition(call.site, keys, now=call.now)
    return Answer(200, text.encode(), ((b"content-type", _TYPE.encode()),))


def _admit(call: Call, whom: MetricsFor) -> None:
    """Let in who is meant; for everybody else there is nothing here. Raises `Refused`."""
    if isinstance(whom, Secret):
        if not hmac.compare_digest(bearer_of(call).encode(), whom.reveal()):
            raise Refused("invalid_token")
    elif whom != "loopback" or not is_from_this_machine(call.scope):
        raise Refused("not_found")


def rows(whom: MetricsFor) -> tuple[Operation, ...]:
    """Give the row, if there is to be one."""
    if whom == "off":
        return ()
    refusals = _BY_TOKEN if isinstance(whom, Secret) else frozenset({"not_found"})
    row = Operation(
        method="GET",
        path="/metrics",
        name="metrics",
        summary="How Auth is, for Prometheus",
        tag="operation",
        handler=metrics,
        media_type=_TYPE,
        problems=refusals | {"busy"},
        counted=False,
    )
    return (row,)
