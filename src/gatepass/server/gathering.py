"""A connection on which head and body of an answer leave together: one call of the system instead of two."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop


class Gathering(asyncio.Transport):
    """Keeps the first piece back until the second comes, and no longer than this turn of the event loop.

    uvicorn writes the head of an answer by itself, and uvloop sends each piece at once.
    """

    __slots__ = ("_kept", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._kept = b""

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Send what was kept with this; a first piece is kept."""
        if self._kept:
            kept, self._kept = self._kept, b""
            self._transport.write(kept + data)
        elif data:
            self._kept = bytes(data)
            self._loop.call_soon(self._send_kept)

    def close(self) -> None:
        """Send what was kept, then hang up."""
        self._send_kept()
        self._transport.close()

    def abort(self) -> None:
        """Hang up at once."""
        self._kept = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Say whether nothing more can be written."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Tell of the socket."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Let what comes wait."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what comes again."""
        self._transport.resume_reading()

    def _send_kept(self) -> None:
        if self._kept and not self._transport.is_closing():  # the client may have gone meanwhile
            kept, self._kept = self._kept, b""
            self._transport.write(kept)
