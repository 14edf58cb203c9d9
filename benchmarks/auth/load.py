"""The load: so many connections that stay open, a request out on each of them at any time.

Callbacks on bare sockets; an answer ends where its Content-Length says. `benchmarks.verifier.instant` shows
what this load takes at most.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from benchmarks.verifier.processes import HOST

Talk = Callable[[bytes], bytes]
"""What one connection says: from the body of the last answer, empty at first, the next request."""

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)


@dataclass(slots=True)
class Loaded:
    """What a round gave."""

    seconds: float
    cpu_seconds: float
    """What the server worked meanwhile."""
    latencies: list[float] = field(default_factory=list)
    """Of each request, in seconds."""

    @property
    def per_second(self) -> float:
        """The throughput."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_each(self) -> float:
        """Seconds that the server worked for a request: what a busy machine changes least."""
        return self.cpu_seconds / len(self.latencies)


async def load(
    ports: Sequence[int], talks: Sequence[Talk], *, seconds: float, worked: Callable[[], float]
) -> Loaded:
    """Ask for so many seconds, one connection for each talk, spread over the ports.

    Every talk hears the answer to its last request, so that it can go on in the next round. `worked` tells
    the CPU seconds of the server.
    """
    loop = asyncio.get_running_loop()
    connections = []
    try:
        for number, talk in enumerate(talks):
            connection = _Connection(talk, loop.create_future())
            connections.append(connection)
            await loop.create_connection(lambda it=connection: it, HOST, ports[number % len(ports)])  # type: ignore[misc]
        before, start = worked(), time.perf_counter()
        for connection in connections:
            connection.begin(until=start + seconds)
        await asyncio.gather(*(connection.done for connection in connections))
        took, worked_for = time.perf_counter() - start, worked() - before
    finally:
        for connection in connections:
            connection.close()
    return Loaded(took, worked_for, [each for connection in connections for each in connection.latencies])


class _Connection(asyncio.Protocol):
    """One connection: a request is out, or none is."""

    def __init__(self, talk: Talk, done: "asyncio.Future[None]") -> None:
        self.done = done
        self.latencies: list[float] = []
        self._talk = talk
        self._transport: asyncio.Transport | None = None
        self._said = b""
        self._until = self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def begin(self, *, until: float) -> None:
        """Send the first request."""
        self._until = until
        self._ask(self._talk(b""))

    def data_received(self, data: bytes) -> None:
        self._said = data = self._said + data if self._said else data
        head = data.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(data, 0, head + 2)
        if length is None or not data.startswith(b"HTTP/1.1 2"):
            self._fail(data)
            return
        missing = head + 4 + int(length[1]) - len(data)
        if missing > 0:
            return
        if missing < 0 or self.done.done():
            self._fail(data)
            return
        now = time.perf_counter()
        self.latencies.append(now - self._began)
        self._said = b""
        request = self._talk(data[head + 4 :])
        if now < self._until:
            self._ask(request)
        else:
            self.done.set_result(None)

    def connection_lost(self, _: Exception | None) -> None:
        self._fail(b"nothing more, and hung up")

    def close(self) -> None:
        """Hang up."""
        self.done.cancel()
        if self._transport is not None:
            self._transport.close()

    def _ask(self, request: bytes) -> None:
        assert self._transport is not None
        self._began = time.perf_counter()
        self._transport.write(request)

    def _fail(self, said: bytes) -> None:
        """End the round: an answer was none that was asked for."""
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the server said {said[:300]!r}"))
