"""A line: one connection on which statements stand one behind another, none waiting for the answer before.

libpq's pipeline mode, by psycopg's own wrapper of libpq (`psycopg.pq`). What is asked in one turn of the
event loop leaves in one write, and what is answered in one packet is taken in one turn. Measured for the
look-up of a session with 16 in flight: 6 µs of our processor, where a connection of the pool, a cursor and a
wait for its socket take 46.

What leaves together is one transaction of its own until it is answered: where one statement fails, those
behind it are not executed (`Skipped`). So look-ups share a line, and a write has one to itself.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import psycopg
from psycopg import errors, pq
from psycopg.adapt import PyFormat, Transformer

from gatepass.storage.postgres import deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from psycopg.abc import Transformer as Loading
    from psycopg.pq.abc import PGresult

    from gatepass.storage.rows import Row

Connection: TypeAlias = psycopg.AsyncConnection[Any]


class Skipped(psycopg.OperationalError):
    """A statement was not executed, because one failed that had left with it."""


class LineLost(psycopg.OperationalError):
    """The connection is gone; nobody knows whether what waited on it took effect."""


class Answer(NamedTuple):
    """What a statement gave."""

    rows: list[Row]
    hit: int | None
    """How many rows it wrote or found."""


class _Asked(NamedTuple):
    """What an answer is expected for: a statement, or with nobody waiting its preparation."""

    statement: str
    answer: asyncio.Future[Answer] | None


_SYNC: Final = _Asked("", None)
"""The end of what left together."""


class Line:
    """Takes a connection over. One event loop."""

    def __init__(self, connection: Connection, *, on_lost: Callable[[Line], None]) -> None:
        self._connection = connection
        self._pgconn = connection.pgconn
        self._socket = self._pgconn.socket  # libpq closes it by itself where the server hangs up
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._dumping = Transformer(connection)
        self._loading: dict[str, Loading] = {}
        self._waiting: deque[_Asked] = deque()
        self._leaving = False
        self._writing = False
        self._heard = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self.is_open = True
        self._pgconn.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._read)

    @property
    def is_free(self) -> bool:
        """Whether nothing is waited for: what is asked now is alone."""
        return self.is_open and not self._waiting

    def ask(self, statement: str, values: Row) -> asyncio.Future[Answer]:
        """Execute a statement. The future raises `psycopg.Error`, `Skipped`, `LineLost`, `ServerSilent`.

        Raises `psycopg.Error` or `UnicodeEncodeError` where the values can't be sent, or the line is gone.
        """
        if not self.is_open:
            raise LineLost("the line is closed")
        dumped = self._dumping.dump_sequence(values, (PyFormat.AUTO,) * len(values))
        name = self._prepared(statement, self._dumping.types or ())
        try:
            self._pgconn.send_query_prepared(name, dumped, self._dumping.formats, pq.Format.BINARY)
        except psycopg.OperationalError:
            self._lose(LineLost("the connection is lost"))
            raise
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._expect(_Asked(statement, answer))
        return answer

    async def call_off(self) -> None:
        """Have the server cancel what it executes, and hang up."""
        try:
            if not self.is_free:
                await self._connection.cancel_safe(timeout=deadline.SILENCE)
        except psycopg.Error:
            pass  # it can't be reached, or has ended it meanwhile
        finally:
            self.close()

    def close(self) -> None:
        """Hang up; who still waits is told that the line is lost."""
        self._lose(LineLost("the line is closed"))

    # Out

    def _prepared(self, statement: str, types: tuple[int, ...]) -> bytes:
        name = self._names.get((statement, types))
        if name is None:
            name = self._names[statement, types] = b"line %d" % len(self._names)
            self._pgconn.send_prepare(name, statement.encode(), types)
            self._expect(_Asked(statement, None))
        return name

    def _expect(self, asked: _Asked) -> None:
        if not self._waiting:
            self._heard = self._loop.time()
            if self._silence is None:
                self._silence = self._loop.call_later(deadline.SILENCE, self._check_silence)
        self._waiting.append(asked)
        if not self._leaving:
            self._leaving = True
            self._loop.call_soon(self._leave)  # soon: what else is asked now comes along

    def _leave(self) -> None:
        """Send what was asked since the last time."""
        self._leaving = False
        if not self.is_open:
            return
        self._waiting.append(_SYNC)
        try:
            self._pgconn.pipeline_sync()
            self._flush()
        except psycopg.OperationalError:
            self._lose(LineLost("the connection is lost"))

    def _flush(self) -> None:
        is_full = self._pgconn.flush() > 0
        if is_full and not self._writing:
            self._loop.add_writer(self._socket, self._write)
        elif self._writing and not is_full:
            self._loop.remove_writer(self._socket)
        self._writing = is_full

    def _write(self) -> None:
        try:
            self._flush()
        except psycopg.OperationalError:
            self._lose(LineLost("the connection is lost"))

    # In

    def _read(self) -> None:
        """Take what has come, and tell who waits for it."""
        try:
            self._pgconn.consume_input()
            self._heard = self._loop.time()
            while self._waiting and not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is not None:  # None: the end of one statement's results
                    self._take(self._waiting.popleft(), result)
            if self._writing:  # what the server had no room for may leave now
                self._flush()
        except psycopg.OperationalError:
            self._lose(LineLost("the connection is lost"))

    def _take(self, asked: _Asked, result: PGresult) -> None:
        if asked.answer is None or asked.answer.done():
            if result.status in _FAILED and asked is not _SYNC:
                self._forget(asked.statement)
            return
        if result.status == pq.ExecStatus.PIPELINE_ABORTED:
            asked.answer.set_exception(Skipped("a statement before this one failed"))
        elif result.status == pq.ExecStatus.FATAL_ERROR:
            asked.answer.set_exception(errors.error_from_result(result))
        else:
            asked.answer.set_result(Answer(self._rows(asked.statement, result), result.command_tuples))

    def _rows(self, statement: str, result: PGresult) -> list[Row]:
        if not result.ntuples:
            return []
        loading = self._loading.get(statement)
        if loading is None:
            loading = self._loading[statement] = Transformer(self._connection)
            loading.set_pgresult(result)
        else:
            loading.set_pgresult(result, set_loaders=False)  # the same columns as ever
        return loading.load_rows(0, result.ntuples, tuple)

    def _forget(self, statement: str) -> None:
        """A statement was not prepared after all; the next time it is tried again."""
        for known in [known for known in self._names if known[0] == statement]:
            del self._names[known]

    # The end

    def _check_silence(self) -> None:
        """Hang up where somebody waits and the server has said nothing for `deadline.SILENCE` seconds."""
        self._silence = None
        if not self._waiting:
            return
        left = self._heard + deadline.SILENCE - self._loop.time()
        if left > 0:
            self._silence = self._loop.call_later(left, self._check_silence)
        else:
            self._lose(deadline.ServerSilent("the server says nothing"))

    def _lose(self, error: psycopg.Error) -> None:
        if not self.is_open:
            return
        self.is_open = False
        self._loop.remove_reader(self._socket)
        if self._writing:
            self._loop.remove_writer(self._socket)
        if self._silence is not None:
            self._silence.cancel()
        with suppress(psycopg.Error):
            self._pgconn.finish()
        waiting, self._waiting = self._waiting, deque()
        for asked in waiting:
            if asked.answer is not None and not asked.answer.done():
                asked.answer.set_exception(error)
        self._on_lost(self)


_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
