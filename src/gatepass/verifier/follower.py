"""The follower: one background thread per process, with its own event loop, which does all the waiting.

It works the same under asyncio, in threaded servers and after a fork. A thread does not survive a fork: the
child finds its followings dead, starts a thread of its own, and has meanwhile whatever the parent had
fetched.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from gatepass.verifier.following import Following

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import Callable, Coroutine

    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.following import Work

T = TypeVar("T")


class Closing(Protocol):
    """Something that may have connections on the follower's loop."""

    async def close(self) -> None:
        """Close those of the running loop."""
        ...


class Follower:
    """The thread; it starts with the first following, and ends with `stop` or with the process."""

    _lock: threading.RLock
    _thread: _LoopThread | None
    _followings: dict[Work, Following]

    def __init__(self) -> None:
        self._lent: weakref.WeakSet[Closing] = weakref.WeakSet()
        self._forget()
        _followers.add(self)

    def follow(self, work: Work, make_fetch: Callable[[], Fetch]) -> Following:
        """Do the work in the background, once: work that is under way goes on. Does not wait."""
        with self._lock:
            following = self._followings.get(work)
            if following is None or not following.alive:
                loop = self._thread.loop if self._thread else self._start().loop
                following = self._followings[work] = Following()
                following.task = asyncio.run_coroutine_threadsafe(following.run(work, make_fetch), loop)
            return following

    def call(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run something in the background once. Does not wait; whoever called may."""
        with self._lock:
            loop = self._thread.loop if self._thread else self._start().loop
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    def lend(self, closing: Closing) -> None:
        """Let something open connections here by `call`; they are closed when the thread ends."""
        with self._lock:
            self._lent.add(closing)

    def close(self, closing: Closing) -> concurrent.futures.Future[None] | None:
        """Have its connections here closed; None where no thread is that could have any. Does not wait."""
        with self._lock:
            return None if self._thread is None else self.call(closing.close())

    def unfollow(self, work: Work) -> None:
        """End the work soon."""
        with self._lock:
            following = self._followings.pop(work, None)
        if following is not None:
            following.stop()

    def stop(self, *, timeout: float = 2) -> None:
        """End all work and the thread, waiting for it `timeout` seconds at most."""
        with self._lock:
            thread, self._thread = self._thread, None
            followings, self._followings = self._followings, {}
            lent = list(self._lent)
        for following in followings.values():
            following.stop()
        if thread is not None:
            thread.stop(lent, timeout=timeout)

    def after_fork(self) -> None:
        """Begin anew in a forked child, where the thread no longer is."""
        for following in self._followings.values():
            following.alive = False
        # Kept, never closed: the sockets and the epoll descriptor are the parent's too, and closing them here
        # would unregister them there.
        _left_behind.append((self._thread, self._followings))
        self._forget()

    def _start(self) -> _LoopThread:
        thread = self._thread = _LoopThread()
        thread.start()
        return thread

    def _forget(self) -> None:
        # New, because a lock that another thread held during a fork would stay locked there. Reentrant,
        # because the garbage collector may let a Verifier go (and so call `unfollow`) while we hold it.
        self._lock = threading.RLock()
        self._thread = None
        self._followings = {}


class _LoopThread(threading.Thread):
    """A thread that runs an event loop until it is stopped."""

    def __init__(self) -> None:
        # A daemon: a process that ends must not wait for a fetch.
        super().__init__(name="gatepass-follower", daemon=True)
        self.loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._lent: list[Closing] = []

    def run(self) -> None:
        # At its end the runner cancels what still runs, and waits until that has closed its connections.
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._until_stopped())

    def stop(self, lent: list[Closing], *, timeout: float) -> None:
        """End the loop and wait for the thread."""
        self._lent = lent
        self.loop.call_soon_threadsafe(self._stopping.set)
        self.join(timeout)

    async def _until_stopped(self) -> None:
        await self._stopping.wait()
        for closing in self._lent:
            await closing.close()


_followers: Final[weakref.WeakSet[Follower]] = weakref.WeakSet()
_left_behind: Final[list[object]] = []
_of_process: Final = Follower()


def process_follower() -> Follower:
    """Give the one follower of this process."""
    return _of_process


def _after_fork() -> None:
    for follower in list(_followers):
        follower.after_fork()


# Not by comparing the process id at each check: asking for it costs up to 0.25 µs, this costs nothing.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
atexit.register(_of_process.stop)
