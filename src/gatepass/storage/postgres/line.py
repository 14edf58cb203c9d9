"""A line: one connection on which statements stand one behind another, none waiting for the answer before.

libpq's pipeline mode, by psycopg's own wrapper of libpq (`psycopg.pq`). What is asked in one turn of the
event loop leaves in one write, and what is answered in one packet is taken in one turn. Measured for the
look-up of a session with 16 in flight: 7 µs of our processor, where a connection of the pool, a cursor and a
wait for its socket take 52.

What leaves together is one transaction: where one statement fails, those behind it are not executed
(`Skipped`), and what was answered takes effect only at its end, which can fail too. So nobody is told before
that; look-ups share a line, and a write has one to itself.
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

LOOK: Final = 1.0
"""Seconds after which a line reads unasked, while somebody waits. uvloop announces nothing any more on a
socket that has had an error, though there is more to read than the first time took, and the end behind it."""


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

    name: bytes
    answer: asyncio.Future[Answer] | None


_SYNC: Final = _Asked(b"", None)
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
        self._named = 0
        self._dumping = Transformer(connection)
        self._loading: dict[bytes, Loading] = {}
        self._waiting: deque[_Asked] = deque()
        self._answered: list[tuple[asyncio.Future[Answer], Answer | Exception]] = []
        self._leaving = False
        self._called_off = False
        self._writing = False
        self._heard = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self.is_open = True
        self._pgconn.enter_pipeline_mode()
        self._loop.add_reader(self._socket, self._read)

    @property
    def is_free(self) -> bool:
        """Whether nothing is waited for: what is asked now is alone."""
        return self.is_open and not self._waiting and not self._called_off

    def ask(self, statement: str, values: Row) -> asyncio.Future[Answer]:
        """Execute a statement. The future raises `psycopg.Error`, `Skipped`, `LineLost`, `ServerSilent`.

        Raises `psycopg.Error` or `UnicodeEncodeError` where the values can't be sent, or the line is gone.
        """
        if not self.is_open:
            raise LineLost("the line is closed")
        dumped = self._dumping.dump_sequence(values, (PyFormat.AUTO,) * len(values))
        try:
            name = self._prepared(statement, self._dumping.types or ())
            self._pgconn.send_query_prepared(name, dumped, self._dumping.formats, pq.Format.BINARY)
        except psycopg.OperationalError:
            self._lose(LineLost("the connection is lost"))
            raise
        answer: asyncio.Future[Answer] = self._loop.create_future()
        self._expect(_Asked(name, answer))
        return answer

    def call_off(self) -> asyncio.Task[None]:
        """Have the server cancel what it executes, and hang up; from now on nobody else may ask."""
        self._called_off = True
        return self._loop.create_task(self._hang_up())

    def close(self) -> None:
        """Hang up; who still waits is told that the line is lost."""
        self._lose(LineLost("the line is closed"))

    async def _hang_up(self) -> None:
        try:
            if self._waiting:
                await self._connection.cancel_safe(timeout=deadline.SILENCE)
        except psycopg.Error:
            pass  # it can't be reached, or has ended it meanwhile
        finally:
            self.close()

    # Out

    def _prepared(self, statement: str, types: tuple[int, ...]) -> bytes:
        name = self._names.get((statement, types))
        if name is None:
            self._named += 1  # no name is given twice: what is under way may still mean the first
            name = self._names[statement, types] = b"line %d" % self._named
            self._pgconn.send_prepare(name, statement.encode(), types)
            self._expect(_Asked(name, None))
        return name

    def _expect(self, asked: _Asked) -> None:
        if not self._waiting:
            self._heard = self._loop.time()
            if self._silence is None:
                self._silence = self._loop.call_later(min(LOOK, deadline.SILENCE), self._check_silence)
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
        """Know that something has come."""
        self._heard = self._loop.time()
        self._receive()

    def _receive(self) -> None:
        """Take what has come, and tell who waits for it."""
        try:
            self._pgconn.consume_input()
            while self._waiting and not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:  # the end of one statement's results, or of everything
                    self._must_stand()
                    continue
                if self._waiting[0] is _SYNC:
                    self._end(result)
                else:
                    self._take(self._waiting.popleft(), result)
            if self._writing:  # what the server had no room for may leave now
                self._flush()
        except psycopg.OperationalError:
            self._lose(LineLost("the connection is lost"))

    def _must_stand(self) -> None:
        """Where the connection is gone there is never more to get. Raises `LineLost`."""
        if self._pgconn.status != pq.ConnStatus.OK:
            raise LineLost("the connection is lost")

    def _take(self, asked: _Asked, result: PGresult) -> None:
        if asked.answer is None:
            if result.status in _FAILED:
                self._forget(asked.name)
        elif not asked.answer.done():
            self._answered.append((asked.answer, self._outcome(asked.name, result)))

    def _end(self, result: PGresult) -> None:
        """Tell everybody, now that it has taken effect."""
        if result.status == pq.ExecStatus.FATAL_ERROR:  # it has not, and the end is still to come
            error = errors.error_from_result(result)
            self._answered = [(answer, error) for answer, _ in self._answered]
            return
        self._waiting.popleft()
        answered, self._answered = self._answered, []
        for answer, outcome in answered:
            if answer.done():
                continue
            if isinstance(outcome, Answer):
                answer.set_result(outcome)
            else:
                answer.set_exception(outcome)

    def _outcome(self, name: bytes, result: PGresult) -> Answer | Exception:
        if result.status == pq.ExecStatus.PIPELINE_ABORTED:
            return Skipped("a statement before this one failed")
        if result.status == pq.ExecStatus.FATAL_ERROR:
            error = errors.error_from_result(result)
            if isinstance(error, _STALE):
                self._forget(name)
            return error
        try:
            return Answer(self._rows(name, result), result.command_tuples)
        except Exception as error:  # one that can't be read is nobody else's failure
            return error

    def _rows(self, name: bytes, result: PGresult) -> list[Row]:
        if not result.ntuples:
            return []
        loading = self._loading.get(name)
        if loading is None:
            loading = self._loading[name] = Transformer(self._connection)
            loading.set_pgresult(result)
        else:
            loading.set_pgresult(result, set_loaders=False)  # the same columns as ever
        return loading.load_rows(0, result.ntuples, tuple)

    def _forget(self, name: bytes) -> None:
        """A statement was not prepared after all, or is not any more; the next time it is tried again."""
        for known in [known for known, given in self._names.items() if given == name]:
            del self._names[known]
        self._loading.pop(name, None)

    # The end

    def _check_silence(self) -> None:
        """Hang up where somebody waits and the server has said nothing for `deadline.SILENCE` seconds."""
        self._silence = None
        if not self._waiting:
            return
        if self._loop.time() >= self._heard + deadline.SILENCE:
            self._lose(deadline.ServerSilent("the server says nothing"))
            return
        self._silence = self._loop.call_later(min(LOOK, deadline.SILENCE), self._check_silence)
        self._receive()

    def _lose(self, error: psycopg.Error) -> None:
        if not self.is_open:
            return
        self.is_open = False
        # asyncio's own loop asks the kernel about a socket, which libpq may have closed.
        with suppress(OSError):
            self._loop.remove_reader(self._socket)
            if self._writing:
                self._loop.remove_writer(self._socket)
        if self._silence is not None:
            self._silence.cancel()
        with suppress(psycopg.Error):
            self._pgconn.finish()
        lost = [*[answer for answer, _ in self._answered], *[asked.answer for asked in self._waiting]]
        self._answered, self._waiting = [], deque()
        for answer in lost:
            if answer is not None and not answer.done():
                answer.set_exception(error)
        self._on_lost(self)


_FAILED: Final = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.PIPELINE_ABORTED)
_STALE: Final = (errors.FeatureNotSupported, errors.InvalidSqlStatementName)
"""How a prepared statement fails whose table has changed since, or which is not there any more."""
