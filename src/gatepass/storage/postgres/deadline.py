"""A server that says nothing any more: hung up on, so that nobody waits for it without end.

The server ends statements that take too long by itself; but one that is frozen, or whose disk is, does not,
and its kernel goes on saying that the line is alive. The line is shut down, the statement is not cancelled: a
commit that waits for a synchronous standby would be visible after a cancel, and somebody be told of what the
standby hasn't got.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg

if TYPE_CHECKING:
    from types import TracebackType

SILENCE: Final = 12.0
"""Seconds for a look-up or a whole commit: a little longer than the server gives one statement."""


class ServerSilent(psycopg.OperationalError):
    """The server did not answer in time; nobody knows whether what it was told took effect."""


class Deadline:
    """`with Deadline(connection): …` raises `ServerSilent` where that takes longer than `SILENCE`.

    3 µs of the 51 that a look-up through the pool takes; lines have one timer for all (`line`).
    """

    __slots__ = ("_connection", "_is_over", "_timer")

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._is_over = False

    def __enter__(self) -> None:
        """Begin to wait."""
        self._timer = asyncio.get_running_loop().call_later(SILENCE, self._hang_up)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait no more. Raises `ServerSilent`."""
        self._timer.cancel()
        if self._is_over and isinstance(error, psycopg.Error):
            raise ServerSilent("the server says nothing") from None

    def _hang_up(self) -> None:
        self._is_over = True
        with suppress(OSError, psycopg.Error):
            line = socket.socket(fileno=os.dup(self._connection.fileno()))
            with line:
                line.shutdown(socket.SHUT_RDWR)
