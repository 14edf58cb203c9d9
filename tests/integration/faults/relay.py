"""A line between a Service and Auth that can be cut, slowed to a byte a second, or silenced."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Fault: TypeAlias = Literal["none", "cut", "silent", "a byte a second"]
JwksFault: TypeAlias = Literal["none", "500", "garbage", "100 MB", "a byte a second", "redirect"]

MB = 1024 * 1024


class Relay:
    """Passes on what comes; what `fault` says befalls everything, what `jwks` says the key set alone."""

    def __init__(self, *, to: int) -> None:
        self.fault: Fault = "none"
        self.jwks: JwksFault = "none"
        self.met: set[str] = set()
        """Faults of the key set that somebody asked into."""
        self._to = to
        self._open: set[asyncio.Task[None]] = set()
        self._served: set[asyncio.Task[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._run(started)))
        self._thread.start()
        started.wait()

    def suffer(self, fault: Fault) -> None:
        """Let a fault begin, for the connections that are open too; "none" mends the line."""
        self.fault = fault
        if fault == "cut":
            self._later(self._hang_up)

    def stop(self) -> None:
        self._later(self._stop.set)
        self._thread.join()
        self._loop.close()

    def _later(self, call: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(call)

    def _hang_up(self) -> None:
        for task in self._open:
            task.cancel()

    async def _run(self, started: threading.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        started.set()
        await self._stop.wait()
        server.close()
        self._hang_up()
        # To the end of each connection: what a closed loop leaves half closed is told in some other test.
        await asyncio.gather(*self._served, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served = asyncio.current_task()
        assert served is not None
        self._served.add(served)
        served.add_done_callback(self._served.discard)
        task = asyncio.create_task(self._exchange(reader, writer))
        self._open.add(task)
        with contextlib.suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
            await task
        self._open.discard(task)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault == "cut":
            return
        head = await reader.readuntil(b"\r\n\r\n")
        if b"jwks" in head.partition(b"\r\n")[0] and self.jwks != "none":
            await self._spoil(writer)
            return
        # One request a connection, so that each is looked at.
        head = head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        upstream, downstream = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            await self._pass_on(head, downstream)
            while data := await upstream.read(65_536):
                await self._pass_on(data, writer)
        finally:
            downstream.close()
            with contextlib.suppress(OSError):
                await downstream.wait_closed()

    async def _pass_on(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        while self.fault == "silent":  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # (another thread says when it is over)
        for start in range(len(data)):
            if self.fault != "a byte a second":
                writer.write(data[start:])
                break
            await self._drip(data[start : start + 1], writer)
        await writer.drain()

    async def _drip(self, byte: bytes, writer: asyncio.StreamWriter) -> None:
        if writer.is_closing():
            raise ConnectionResetError
        writer.write(byte)
        await asyncio.sleep(1)

    async def _spoil(self, writer: asyncio.StreamWriter) -> None:
        self.met.add(self.jwks)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
        if self.jwks == "500":
            writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
        elif self.jwks == "garbage":
            writer.write(head % 5 + b"\xff{]}\x00")
        elif self.jwks == "redirect":
            writer.write(b"HTTP/1.1 302 There\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
        elif self.jwks == "100 MB":
            writer.write(head % (100 * MB))
            for _ in range(100):
                writer.write(b" " * MB)
                await writer.drain()
        else:
            writer.write(head % 1_000)
            for _ in range(1_000):
                await self._drip(b" ", writer)
        await writer.drain()
