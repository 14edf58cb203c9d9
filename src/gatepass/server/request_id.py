"""The request's id: what joins an answer, its problem details and the lines of the log."""

from __future__ import annotations

import os
import random
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from gatepass.server.addresses import is_trusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Scope

    from gatepass.server.addresses import Network

REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("gatepass_request_id", default=None)
"""Of the request that is being answered; None outside of one."""

# No secret: it must only not say how many requests there are. A third of what the system's source costs.
_draw: Final = random.Random(os.urandom(32)).getrandbits  # noqa: S311

# Nothing that could end a line, begin a field or be taken for something else, wherever it is written.
_ACCEPTED: Final = re.compile(rb"[A-Za-z0-9_-]{8,64}")


def request_id(scope: Scope, trusted: Sequence[Network]) -> str:
    """Take the id that a trusted proxy gave in `X-Request-ID`, or draw one of 64 bits."""
    peer = scope.get("client")
    if trusted and peer and is_trusted(peer[0], trusted):
        given = [value for name, value in scope["headers"] if name == b"x-request-id"]
        if len(given) == 1 and _ACCEPTED.fullmatch(given[0]):
            return str(given[0], "ascii")
    return f"{_draw(64):016x}"
