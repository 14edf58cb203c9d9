"""The load: users who load pages, four requests at once on four connections, over and over.

Callbacks on bare connections. An answer is known by its length, so the load needs a tenth of what it
loads; `instant` shows its own ceiling.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from benchmarks.verifier.processes import HOST

REQUESTS_PER_PAGE = 4


@dataclass(slots=True)
class Loaded:
    """What a round gave."""

    seconds: float
    cpu_seconds: float
    """What the Service worked meanwhile."""
    latencies: list[float] = field(default_factory=list)
    """Of each page, in seconds."""

    @property
    def pages_per_second(self) -> float:
        """The throughput."""
        return len(self.latencies) / self.seconds

    @property
    def cpu_per_page(self) -> float:
        """Seconds that the Service worked for a page: what a busy machine changes least."""
        return self.cpu_seconds / len(self.latencies)


def request_of(credential: str, path: str = "/appointments") -> bytes:
    """One request of a user, as it is sent."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {credential}\r\n\r\n"
    ).encode()


async def load(port: int, credentials: list[str], *, seconds: float, worked: Callable[[], float]) -> Loaded:
    """Load pages for so many seconds, as many users as there are credentials.

    `worked` tells the CPU seconds of the Service.
    """
    length = await _length_of_an_answer(port, request_of(credentials[0]))
    users = [_User(request_of(each), length) for each in credentials]
    try:
        for user in users:
            await user.connect(port)
        await asyncio.gather(*(user.pages(count=1) for user in users))  # every pass is known from here on
        worked_before, start = worked(), time.perf_counter()
        await asyncio.gather(*(user.pages(until=start + seconds) for user in users))
        took, worked_for = time.perf_counter() - start, worked() - worked_before
    finally:
        for user in users:
            user.close()
    return Loaded(took, worked_for, [latency for user in users for latency in user.latencies])


async def pages(port: int, credential: str, *, count: int) -> None:
    """Load so many pages, one after the other."""
    user = _User(request_of(credential), await _length_of_an_answer(port, request_of(credential)))
    try:
        await user.connect(port)
        await user.pages(count=count)
    finally:
        user.close()


class _User:
    """Somebody with a browser and four connections."""

    def __init__(self, request: bytes, length: int) -> None:
        self.request = request
        self.length = length
        self.latencies: list[float] = []
        self._connections: list[_Connection] = []
        self._open = 0
        self._left = 0
        self._until = 0.0
        self._began = 0.0
        self._done: asyncio.Future[None] | None = None

    async def connect(self, port: int) -> None:
        """Open the connections."""
        loop = asyncio.get_running_loop()
        for _ in range(REQUESTS_PER_PAGE):
            _, connection = await loop.create_connection(lambda: _Connection(self), HOST, port)
            self._connections.append(connection)

    async def pages(self, *, count: int = 1_000_000_000, until: float = float("inf")) -> None:
        """Load page after page."""
        self.latencies.clear()
        self._left, self._until = count, until
        self._done = asyncio.get_running_loop().create_future()
        self._begin()
        await self._done

    def answered(self) -> None:
        """Take note of one answer; the last of a page begins the next page."""
        self._open -= 1
        if self._open:
            return
        now = time.perf_counter()
        self.latencies.append(now - self._began)
        self._left -= 1
        if self._left and now < self._until:
            self._begin()
        elif self._done is not None and not self._done.done():
            self._done.set_result(None)

    def failed(self, said: bytes) -> None:
        """End the round: an answer was none that was asked for."""
        if self._done is not None and not self._done.done():
            self._done.set_exception(RuntimeError(f"the Service said {said[:200]!r}"))

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections:
            connection.close()

    def _begin(self) -> None:
        self._open = REQUESTS_PER_PAGE
        self._began = time.perf_counter()
        for connection in self._connections:
            connection.ask()


class _Connection(asyncio.Protocol):
    """One connection: a request is out, or none is."""

    def __init__(self, user: _User) -> None:
        self._user = user
        self._missing = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def ask(self) -> None:
        """Send the request."""
        assert self._transport is not None
        self._missing = self._user.length
        self._transport.write(self._user.request)

    def data_received(self, data: bytes) -> None:
        if self._missing == self._user.length and not data.startswith(b"HTTP/1.1 200"):
            self._user.failed(data)
            return
        self._missing -= len(data)
        if self._missing == 0:
            self._user.answered()
        elif self._missing < 0:
            self._user.failed(data)

    def connection_lost(self, _: Exception | None) -> None:
        if self._missing:
            self._user.failed(b"nothing, and hung up")

    def close(self) -> None:
        """Hang up."""
        self._missing = 0
        if self._transport is not None:
            self._transport.close()


async def _length_of_an_answer(port: int, request: bytes) -> int:
    """Ask once, and see how long an answer is: they are all alike."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the Service said {head[:200]!r}")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        length = int(fields[b"content-length"])
        await reader.readexactly(length)
        return len(head) + length
    finally:
        writer.close()
