"""Growth of the revocation feed: who waits is woken by a commit of this process, and looks now and then for
those of others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from gatepass.auth import Revoked, SessionsCapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gatepass.auth import Change

_GROWS: Final = (Revoked, SessionsCapped)
"""The changes that add entries."""


class Growth:
    """Who waits for the feed to grow."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def note(self, changes: Iterable[Change]) -> None:
        """Wake who waits on this event loop, if these changes, just committed, let the feed grow."""
        if self._waiting and any(isinstance(change, _GROWS) for change in changes):
            self.wake()

    def wake(self) -> None:
        """Wake who waits on this event loop: it may have grown."""
        here = asyncio.get_running_loop()
        for future in self._waiting:
            if future.get_loop() is here:
                _wake(future)

    async def wait(self, grown: Callable[[], bool], *, every: float, within: float) -> bool:
        """Wait until it has grown, `within` seconds at most; look every `every` seconds, unless woken."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not grown():
            left = end - loop.time()
            if left <= 0:
                return False
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            timer = loop.call_later(min(every, left), _wake, future)
            try:
                await future
            finally:
                timer.cancel()
                self._waiting.discard(future)
        return True


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
