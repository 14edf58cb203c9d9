"""The clicks that kicked somebody out: two browsers on one machine share a clock, and can measure together.

Demo only. Who kicks leaves the time of the click here; the page that was kicked reads it, and leaves how long
it took until each Service refused it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Annotated

from pydantic import BaseModel, Field

KEPT = 100  # clicks: whoever fills this memory only forgets the oldest

Milliseconds = Annotated[float, Field(ge=0, lt=1e15, allow_inf_nan=False)]


class Click(BaseModel):
    """One click on a kick button."""

    at: Milliseconds  # since the epoch, by the browser's clock
    refused: dict[Annotated[str, Field(max_length=20)], Milliseconds] = Field(default={}, max_length=2)


class Clicks:
    """The latest clicks by the session that they end; kept by one process."""

    def __init__(self) -> None:
        self._clicks: OrderedDict[str, Click] = OrderedDict()

    def keep(self, sid: str, click: Click) -> None:
        """Keep a click, as what is known of it now."""
        self._clicks[sid] = click
        while len(self._clicks) > KEPT:
            self._clicks.popitem(last=False)

    def of(self, sid: str) -> Click | None:
        """Give the click that ended a session."""
        return self._clicks.get(sid)
