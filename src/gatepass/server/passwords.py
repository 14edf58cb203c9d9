"""Password hashing in a bounded pool: it never blocks the event loop, and a crowd never piles up.

One thread per core, because a hash keeps a core busy for its whole 20 ms; a queue of bounded length,
because a request that would wait longer than a person does is better told to come back.
"""

from __future__ import annotations

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from gatepass.auth import PasswordsBusy, passwords

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.auth import Entropy

_T = TypeVar("_T")

# Waiting hashes per thread: 25 × 20 ms is half a second, about what a person takes for slow but working.
QUEUE_PER_THREAD: Final = 25

# What an imported hash may cost at most, about (auth/foreign_hashes.py). Seconds.
_WAIT_AT_MOST: Final = 1.0


def cores() -> int:
    """Say how many cores this process may use: a container or `taskset` may leave it fewer than there are.

    Two hashes at once on one core take longer than one behind the other: each needs 19 MiB of its cache.
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows know no such thing
        return os.cpu_count() or 1


class PasswordPool:
    """The `Passwords` port of auth on threads of its own."""

    def __init__(
        self,
        *,
        entropy: Entropy,
        profile: passwords.Profile = passwords.CURRENT,
        threads: int | None = None,
    ) -> None:
        self._entropy = entropy
        self._profile = profile
        self._threads = threads or cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="password")
        self._in_flight = 0
        self._costliest = 0.0

    @property
    def waiting(self) -> int:
        """How many hashes wait for a thread."""
        return max(0, self._in_flight - self._threads)

    async def hash(self, password: str) -> str:
        """Hash a new password. Raises `PasswordsBusy`."""
        return await self._run(
            lambda: passwords.hash_password(password, entropy=self._entropy, profile=self._profile)
        )

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Tell whether it is the password; None costs the same and never is. Raises `PasswordsBusy`.

        Imported hashes cost what they cost, mostly more than ours. Since the first of them was seen, every
        "no" waits, without working, until as much time went by as the costliest took: or its own would tell
        that there is such an account (docs/adr/0026).
        """
        good, spent = await self._run(lambda: self._verified(encoded, password))
        if encoded is not None and self.needs_rehash(encoded):
            self._costliest = min(max(self._costliest, spent), _WAIT_AT_MOST)
        if not good and spent < self._costliest:
            await asyncio.sleep(self._costliest - spent)
        return good

    def _verified(self, encoded: str | None, password: str) -> tuple[bool, float]:
        """Give the answer and the seconds it took: not those of waiting in the queue, which all do alike.

        By the clock, for argon2 with several lanes works in threads of its own.
        """
        before = time.perf_counter()
        good = passwords.verify_password(encoded, password, profile=self._profile)
        return good, time.perf_counter() - before

    def needs_rehash(self, encoded: str) -> bool:
        """Tell whether the hash was made at another cost than today's."""
        return passwords.needs_rehash(encoded, profile=self._profile)

    def close(self) -> None:
        """Let running hashes end, drop waiting ones."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._in_flight >= self._threads * (1 + QUEUE_PER_THREAD):
            raise PasswordsBusy
        self._in_flight += 1
        # The count goes down when the work is done, not when the client stops waiting for it: a client that
        # hangs up leaves the thread busy.
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._done)
        return await asyncio.shield(future)

    def _done(self, future: asyncio.Future[_T]) -> None:
        self._in_flight -= 1
        if not future.cancelled():
            future.exception()  # seen here, so that one nobody waits for is no warning
