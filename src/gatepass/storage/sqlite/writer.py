"""The one writer: all commits that are waiting become one transaction, and durable with one fsync.

The statements run on the event loop's thread, where nobody competes for the interpreter; only what waits,
the COMMIT with its fsync, runs in a thread of its own. (Measured at 16 in flight: a third less CPU for a
refresh than with every statement in the thread, because each of them would hand the interpreter over and
back.) What could take long, a lock that another process holds, a purge, a compaction or hundreds of changes,
goes to the thread as a whole.

A commit that fails leaves the others alone. Nobody is told of success before the COMMIT of the whole batch
returned (`synchronous=FULL`: the log is on disk).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from enum import Enum, auto
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from gatepass.auth import (
    AuthError,
    Change,
    Conflict,
    Purged,
    RevocationsCompacted,
    StorageUnavailable,
    UserDeleted,
)
from gatepass.storage.sqlite.transaction import Transaction, unavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)

BATCH: Final = 64
"""Commits in one transaction at most: 2 ms of statements, so that neither the first of them nor the loop
waits long."""
ENOUGH: Final = 16
"""Commits that wait for no others: who comes later is executed while the disk is busy with them."""
LIGHT: Final = 600
"""Changes that one turn of the event loop may execute, at some 8 µs each; a batch with more goes to the
thread."""
HEAVY: Final = frozenset({Purged, RevocationsCompacted, UserDeleted})
"""Changes that take long by themselves: a batch with one of them goes to the thread too."""


class _Request(NamedTuple):
    changes: tuple[Change, ...]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[None] | None
    """Who waits; None for a note that nobody waits for."""


_Outcome: TypeAlias = tuple[_Request, Exception | None]


class _Job(NamedTuple):
    """What the thread has to do: commit what was executed, or everything."""

    batch: list[_Request]
    executed: list[Exception | None] | None
    loop: asyncio.AbstractEventLoop


class _Phase(Enum):
    """Who may touch the connection."""

    IDLE = auto()
    ON_LOOP = auto()
    IN_THREAD = auto()


class Writer:
    """Owns the writing connection; the event loop and the thread take turns with it.

    One event loop at a time.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, patience: float, on_commit: Callable[[int], None]
    ) -> None:
        self._transaction = Transaction(connection, patience=patience)
        self._on_commit = on_commit
        self._waiting: deque[_Request] = deque()
        self._closed = False
        self._turns = threading.Lock()  # guards the two below
        self._phase = _Phase.IDLE
        self._loop: asyncio.AbstractEventLoop | None = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="gatepass-sqlite-writer", daemon=True)
        self._thread.start()

    async def commit(self, changes: tuple[Change, ...]) -> None:
        """Wait until the changes are durable. Raises `Conflict`, `StorageUnavailable`."""
        if self._closed:
            raise StorageUnavailable("the store is closed")
        await self._enqueue(changes)

    def commit_later(self, changes: tuple[Change, ...]) -> None:
        """Write soon; what goes wrong is logged."""
        if self._closed:
            _log.warning("a note was not written: the store is closed")
        else:
            self._append(_Request(changes, asyncio.get_running_loop(), None))

    async def close(self) -> None:
        """Write everything that is waiting, then stop."""
        if not self._closed:
            self._closed = True
            await self._enqueue(())  # behind all others
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _enqueue(self, changes: tuple[Change, ...]) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[None] = loop.create_future()
        self._append(_Request(changes, loop, answer))
        return answer

    # On the event loop

    def _append(self, request: _Request) -> None:
        self._waiting.append(request)
        with self._turns:
            # A loop that was closed before its turn came will never take it.
            stranded = self._phase is _Phase.ON_LOOP and self._loop is not None and self._loop.is_closed()
            if self._phase is _Phase.IDLE or stranded:
                self._phase, self._loop = _Phase.ON_LOOP, request.loop
                request.loop.call_soon(self._gather, 0)

    def _gather(self, seen: int) -> None:
        """Take the turn once a pass of the event loop brought nothing more, or there are enough.

        Else one that is a little early would be committed alone, and the many behind it together: twice the
        work for the disk. With 16 refreshes in flight that is an eighth of their CPU (docs/adr/0013).
        """
        count = len(self._waiting)
        if seen < count < ENOUGH:
            asyncio.get_running_loop().call_soon(self._gather, count)
        else:
            self._turn()

    def _turn(self) -> None:
        """Execute what is waiting, and hand it to the thread to be committed."""
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        executed = (
            self._transaction.attempt([request.changes for request in batch]) if _light(batch) else None
        )
        with self._turns:
            self._phase = _Phase.IN_THREAD
        self._jobs.put(_Job(batch, executed, asyncio.get_running_loop()))

    def _done(self, outcomes: Sequence[_Outcome]) -> None:
        """Tell all who wait, and go on with what came meanwhile."""
        here = asyncio.get_running_loop()
        for request, error in outcomes:
            if request.answer is None:
                _log_note(error)
            elif request.loop is here:
                _resolve(request.answer, error)
            else:
                _call(request.loop, _resolve, request.answer, error)
        with self._turns:
            if self._waiting:
                here.call_soon(self._gather, 0)
            else:
                self._phase = _Phase.IDLE

    # In the thread

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            outcomes = list(zip(job.batch, self._finish(job), strict=True))
            self._on_commit(sum(error is None and bool(request.changes) for request, error in outcomes))
            with self._turns:
                self._phase = _Phase.ON_LOOP
            if not _call(job.loop, self._done, outcomes):
                self._pass_on(outcomes)
        self._transaction.close()

    def _finish(self, job: _Job) -> list[Exception | None]:
        try:
            if job.executed is not None:
                self._transaction.commit()
                return job.executed
            return self._transaction.execute([request.changes for request in job.batch])
        except Exception as error:  # whatever it is: nobody would write any more if the thread ended
            self._transaction.roll_back()
            return [unavailable(error)] * len(job.batch)

    def _pass_on(self, outcomes: Sequence[_Outcome]) -> None:
        """The loop whose turn it was is gone: give the turn to one that waits."""
        _log.info("an event loop is gone that had %d commits to hear of", len(outcomes))
        with self._turns:
            for request in (*(request for request, _ in outcomes), *self._waiting):
                if _call(request.loop, self._done, outcomes):
                    self._loop = request.loop
                    return
            self._phase = _Phase.IDLE


def _light(batch: Sequence[_Request]) -> bool:
    kinds = [type(change) for request in batch for change in request.changes]
    return len(kinds) <= LIGHT and HEAVY.isdisjoint(kinds)


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[..., object], *values: object) -> bool:
    """Have a loop call something; False when it is closed."""
    try:
        loop.call_soon_threadsafe(callback, *values)
    except RuntimeError:
        return False
    return True


def _resolve(answer: asyncio.Future[None], error: Exception | None) -> None:
    if answer.done():  # cancelled by whoever waited
        return
    if error is None:
        answer.set_result(None)
    else:
        answer.set_exception(error)


def _log_note(error: Exception | None) -> None:
    if error is not None:
        level = logging.INFO if isinstance(error, Conflict) else logging.WARNING
        text = str(error) if isinstance(error, AuthError) else type(error).__name__
        _log.log(level, "a note was not written: %s", text)
