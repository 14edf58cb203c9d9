"""The lines of one process: one for look-ups by key, a few for writes of one statement (`line`).

They are made beside the requests, one at a time. Until there is one, and where no line for writes is free,
the pool serves as it serves everything else; so a line that is lost costs nobody an answer.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg

from gatepass.auth import StorageUnavailable
from gatepass.storage.postgres.line import Line
from gatepass.storage.postgres.pool import connect

if TYPE_CHECKING:
    from gatepass.storage.postgres.line import Answer
    from gatepass.storage.rows import Row

WRITERS: Final = 8
"""Lines for writes at most. A write has its line alone: one that waits for a lock holds up nobody else. Each
is answered within a millisecond, so one core can't keep more of them busy."""
AGAIN: Final = 0.5
"""Seconds until the next attempt after one that failed."""


class Lines:
    """Gives each statement its line. One event loop."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._reader: Line | None = None
        self._writers: list[Line] = []
        self._connecting: asyncio.Task[None] | None = None
        self._not_before = 0.0
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    def look(self, statement: str, values: Row) -> asyncio.Future[Answer] | None:
        """Ask on the line for look-ups; None where there is none. Raises as `Line.ask`."""
        if self._reader is None:
            self._grow()
            return None
        return self._reader.ask(statement, values)

    async def tell(self, statement: str, values: Row) -> Answer | None:
        """Execute a write; None where no line is free. Raises as `Line.ask` and its future.

        Who stops waiting has it cancelled, as a connection of the pool has.
        """
        line = next((line for line in self._writers if line.is_free), None)
        if line is None:
            if len(self._writers) < WRITERS:
                self._grow()
            return None
        try:
            return await line.ask(statement, values)
        except asyncio.CancelledError:
            leaving = line.call_off()
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)
            raise

    def drop(self) -> None:
        """Hang up on all: the server is not what it was. Who waits is told that the line is lost."""
        for line in [*self._writers, *([self._reader] if self._reader else [])]:
            line.close()

    async def close(self) -> None:
        """Hang up on all, for good."""
        self._closed = True
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError):
                await self._connecting
        await asyncio.gather(*self._leaving)
        self.drop()

    def _grow(self) -> None:
        """Begin to make one more, unless that is under way or has just failed."""
        is_early = asyncio.get_running_loop().time() < self._not_before
        if self._connecting is None and not is_early and not self._closed:
            self._connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            connection = await connect(self._given)
        except StorageUnavailable:  # whoever asked hears of it from the pool
            self._not_before = asyncio.get_running_loop().time() + AGAIN
            return
        finally:
            self._connecting = None
        try:
            line = Line(connection, on_lost=self._lost)
        except psycopg.Error:  # lost again already
            await connection.close()
            return
        if self._reader is None:
            self._reader = line
        else:
            self._writers.append(line)

    def _lost(self, line: Line) -> None:
        if line is self._reader:
            self._reader = None
        else:
            self._writers.remove(line)
