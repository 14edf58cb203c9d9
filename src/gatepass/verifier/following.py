"""What is done in the background for one issuer: fetch, wait until that is due again or somebody wakes us."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import Callable

    from gatepass.verifier.fetch import Fetch

log: Final = logging.getLogger("gatepass.verifier")


CLIENT_AGAIN: Final = 1.0
"""Seconds until an HTTP client that could not be made is tried again; doubled each time."""
CLIENT_AGAIN_AT_MOST: Final = 60.0
"""What is wrong then (a package, a certificate file) an operator must mend: one traceback a minute is enough
to notice it, and one for each request that comes in would fill the disk."""


TURN_AGAIN: Final = 10.0
"""Seconds until the next turn after one that failed in a way that nobody thought of."""


class Work(Protocol):
    """Something that is kept current by turns."""

    async def turn(self, fetch: Fetch) -> float:
        """Do what is due, and say how many seconds to wait for the next turn."""
        ...

    def woken(self) -> None:
        """Somebody woke us before the time."""
        ...


class Following:
    """A handle on work that is under way on the follower's loop; for any thread, and it never waits."""

    def __init__(self) -> None:
        self.alive = True
        """False once it was stopped, and in a forked child, where no thread is left to do the work."""
        self.task: concurrent.futures.Future[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._fetch: Fetch | None = None

    @classmethod
    def never(cls) -> Following:
        """Stand for work that has not begun."""
        following = cls()
        following.alive = False
        return following

    def wake(self) -> None:
        """Make the follower look at once."""
        if self._loop is not None and self._wake is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._wake.set)

    def stop(self) -> None:
        """End the work soon, in the middle of a fetch too."""
        self.alive = False
        if self.task is not None:
            self.task.cancel()

    async def run(self, work: Work, make_fetch: Callable[[], Fetch]) -> None:
        """Turn and wait until cancelled, then close what was opened."""
        self._wake = wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        try:
            self._fetch = fetch = await _made(make_fetch)
            while True:
                delay = await _turned(work, fetch)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await wake.wait()
                    wake.clear()
                    work.woken()
        finally:
            self.alive = False
            if self._fetch is not None:
                await self._fetch.close()


async def _made(make_fetch: Callable[[], Fetch]) -> Fetch:
    """Make the HTTP client, however often that has to be tried."""
    delay = CLIENT_AGAIN
    while True:
        try:
            return make_fetch()
        except Exception:
            log.exception("the follower cannot make its HTTP client")
        await asyncio.sleep(delay)
        delay = min(2 * delay, CLIENT_AGAIN_AT_MOST)


async def _turned(work: Work, fetch: Fetch) -> float:
    """Do a turn. One that fails ends nothing: nobody would begin again while the others go on."""
    try:
        return await work.turn(fetch)
    except Exception:
        log.exception("the follower met an error it does not know")
        return TURN_AGAIN
