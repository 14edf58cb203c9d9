"""The one writer: a thread that takes all commits that are waiting and makes them durable with one fsync.

Each commit stands in its own savepoint, so that one that fails leaves the others alone. Nobody is told of
success before the COMMIT of the whole batch returned (`synchronous=FULL`: the log is on disk).
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from gatepass.auth import AuthError, Change, Conflict, StorageUnavailable
from gatepass.storage.sqlite.changes import apply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)

BATCH: Final = 256
"""Commits in one transaction at most: some milliseconds of work, so that the first of them does not wait
long."""


class _Request(NamedTuple):
    changes: tuple[Change, ...]
    answer: asyncio.Future[None] | None
    """Who waits; None for a note that nobody waits for."""


_Outcome: TypeAlias = tuple[_Request, BaseException | None]


class Writer:
    """Owns the writing connection; only its thread touches it once it runs."""

    def __init__(self, connection: sqlite3.Connection, *, on_commit: Callable[[int], None]) -> None:
        self._connection = connection
        self._cursor = connection.cursor()
        self._on_commit = on_commit
        self._queue: SimpleQueue[_Request | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="gatepass-sqlite-writer", daemon=True)
        self._thread.start()

    async def commit(self, changes: tuple[Change, ...]) -> None:
        """Wait until the changes are durable. Raises `Conflict`, `StorageUnavailable`."""
        if self._closed:
            raise StorageUnavailable("the store is closed")
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put(_Request(changes, answer))
        await answer

    def commit_later(self, changes: tuple[Change, ...]) -> None:
        """Write soon; what goes wrong is logged."""
        if self._closed:
            _log.warning("a note was not written: the store is closed")
        else:
            self._queue.put(_Request(changes, None))

    async def close(self) -> None:
        """Write everything that is waiting, then stop."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        last = False
        while not last:
            batch, last = self._next_batch()
            if batch:
                self._settle(self._write(batch))
        self._connection.close()

    def _next_batch(self) -> tuple[list[_Request], bool]:
        """Wait for one request and take all that came with it; True behind the last one."""
        batch: list[_Request] = []
        request = self._queue.get()
        try:
            while request is not None:
                batch.append(request)
                if len(batch) >= BATCH:
                    return batch, False
                request = self._queue.get_nowait()
        except Empty:
            return batch, False
        return batch, True

    def _write(self, batch: list[_Request]) -> list[_Outcome]:
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
            outcomes = [(request, self._apply(request)) for request in batch]
            self._cursor.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            return [(request, _unavailable(error)) for request in batch]
        self._on_commit(sum(error is None for _, error in outcomes))
        return outcomes

    def _apply(self, request: _Request) -> BaseException | None:
        """Execute one commit in its savepoint; gives what is wrong with it alone.

        Raises what is wrong with all.
        """
        cursor = self._cursor
        cursor.execute("SAVEPOINT one")
        try:
            for change in request.changes:
                apply(cursor, change)
        except Exception as error:  # whatever it is, the thread and the other commits go on
            if not self._connection.in_transaction:
                raise  # SQLite has rolled back everything (a full disk does that): nothing of the batch is in
            cursor.execute("ROLLBACK TO one")
            cursor.execute("RELEASE one")
            return _unavailable(error) if isinstance(error, sqlite3.Error) else error
        cursor.execute("RELEASE one")
        return None

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._cursor.execute("ROLLBACK")
        except sqlite3.Error:
            _log.exception("the transaction could not be rolled back")

    def _settle(self, outcomes: Sequence[_Outcome]) -> None:
        """Tell all who wait, in one call per event loop."""
        loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[None], BaseException | None]]] = {}
        for request, error in outcomes:
            if request.answer is not None:
                loops.setdefault(request.answer.get_loop(), []).append((request.answer, error))
            elif error is not None:
                level = logging.INFO if isinstance(error, Conflict) else logging.WARNING
                _log.log(level, "a note was not written: %s", _loggable(error))
        for loop, answers in loops.items():
            try:
                loop.call_soon_threadsafe(_resolve, answers)
            except RuntimeError:
                _log.info("nobody is left to hear of %d commits", len(answers))


def _resolve(answers: Sequence[tuple[asyncio.Future[None], BaseException | None]]) -> None:
    for answer, error in answers:
        if answer.done():  # cancelled by whoever waited
            continue
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)


def _unavailable(error: sqlite3.Error) -> StorageUnavailable:
    return StorageUnavailable(f"SQLite: {getattr(error, 'sqlite_errorname', None) or type(error).__name__}")


def _loggable(error: BaseException) -> str:
    return str(error) if isinstance(error, AuthError) else type(error).__name__
