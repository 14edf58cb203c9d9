"""Those who keep a connection open and want to hear when its pass no longer holds."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.principal import Principal


class _OfLoop(dict["asyncio.Future[None]", "Principal"]):
    """Who waits on one event loop."""

    rung = False
    """Whether it was told to look, and has not yet."""


class Waiters:
    """Futures of any number of event loops, each with the Principal that it is about.

    A change of the view costs a loop one call, however many wait there, and so do all that come before the
    call; only those they concern wake up.
    """

    def __init__(self, concerns: Callable[[Principal], bool]) -> None:
        self._concerns = concerns
        self._waiting: defaultdict[asyncio.AbstractEventLoop, _OfLoop] = defaultdict(_OfLoop)

    async def wait(self, principal: Principal, *, within: float) -> None:
        """Wait until a change concerns the Principal, `within` seconds at most."""
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[None] = loop.create_future()
        waiting = self._waiting[loop]
        waiting[heard] = principal
        try:
            if self._concerns(principal):  # what changed between the last look and here
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within):
                    await heard
        finally:
            del waiting[heard]
            if not waiting:
                self._waiting.pop(loop, None)

    def ring(self) -> None:
        """Tell every loop that something changed; from any thread."""
        for loop, waiting in list(self._waiting.items()):
            if not waiting.rung:
                waiting.rung = True
                with contextlib.suppress(RuntimeError):  # the loop was closed
                    loop.call_soon_threadsafe(self._look, waiting)

    def _look(self, waiting: _OfLoop) -> None:
        waiting.rung = False  # before the look: what changes meanwhile is told anew
        for heard, principal in list(waiting.items()):
            if not heard.done() and self._concerns(principal):
                heard.set_result(None)
