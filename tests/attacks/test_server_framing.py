"""What a client sends beside the body: endless heads, chunk extensions and trailers, over a real socket."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn

from gatepass.auth import Limit
from gatepass.server import feed, protocol
from gatepass.server.limits import MAX_BODY
from gatepass.server.protocol import MAX_FRAMING, BoundedHttpProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server_world import MakeWorld, World

HEAD = b"POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
WRONG = b'{"email":"nobody@example.org","password":"x"}'
CHUNK = b"%x\r\n%b\r\n" % (len(WRONG), WRONG)
PIECE = b"a" * 8_192
WITHIN = 60  # seconds: nobody but a program that hangs takes as long


@asynccontextmanager
async def served(world: World) -> AsyncIterator[int]:
    """Serve the world as `gatepass serve` does; gives the port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            world.app,
            http=BoundedHttpProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            proxy_headers=False,
            timeout_keep_alive=WITHIN,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            await running


async def sent(port: int, start: bytes, *, endless: bytes = b"") -> bytes:
    """Send the start, then eight times what is allowed of the endless part; gives the status line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(start)
        for _ in range(8 * MAX_FRAMING // len(endless) if endless else 0):
            writer.write(endless)
            await writer.drain()
        return await asyncio.wait_for(reader.readline(), WITHIN)
    except ConnectionError:  # which of them depends on how far it had come
        return b"closed"
    finally:
        writer.close()


ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "one header": (HEAD + b"x: ", PIECE),
    "many headers": (HEAD, b"x: " + PIECE + b"\r\n"),
    "a request line": (b"GET /", PIECE),
    "a chunk extension": (CHUNKED + b"5;", PIECE),
    "one trailer": (CHUNKED + b"0\r\nx: ", PIECE),
    "many trailers": (CHUNKED + b"0\r\n", b"x: " + PIECE + b"\r\n"),
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_nothing_beside_the_body_is_endless(world: World, name: str) -> None:
    start, endless = ENDLESS[name]
    async with served(world) as port:
        answer = await sent(port, start, endless=endless)
        assert answer.startswith(b"HTTP/1.1 431") or answer in {b"closed", b""}, answer


async def test_the_twins_are_served(world: World) -> None:
    whole = b'{"email":"ann@example.org","password":"correct horse battery"}'
    full = whole + b" " * (MAX_BODY - len(whole))
    bodies = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (full[:9_000], full[9_000:]))
    async with served(world) as port:
        for request in (
            HEAD + b"x: " + PIECE + b"\r\ncontent-length: %d\r\n\r\n" % len(full) + full,
            CHUNKED + bodies + b"0\r\nx: " + PIECE + b"\r\n\r\n",
        ):
            assert (await sent(port, request)).startswith(b"HTTP/1.1 200"), request[:200]


async def test_a_trailer_is_no_header(make_world: MakeWorld, caplog: pytest.LogCaptureFixture) -> None:
    """A proxy checks and writes headers; what comes behind the body it may hand on as it is."""
    caplog.set_level(logging.INFO)
    world = make_world(terms={"address_limit": Limit(2, 900)}, trusted_proxies=("127.0.0.1",))
    told = CHUNKED.removesuffix(b"\r\n") + b"x-forwarded-for: 203.0.113.1\r\n\r\n"
    async with served(world) as port:
        seen = [
            await sent(port, told + CHUNK + b"0\r\nx-forwarded-for: 198.51.100.%d\r\n\r\n" % number)
            for number in range(3)
        ]
        assert [line.split()[1] for line in seen] == [b"401", b"401", b"429"]
        other = told.replace(b"203.0.113.1", b"203.0.113.2")  # the twin: as a header it counts
        assert (await sent(port, other + CHUNK + b"0\r\n\r\n")).split()[1] == b"401"


GOOD = b'{"email":"ann@example.org","password":"correct horse battery"}'
WHOLE = HEAD + b"content-length: %d\r\n\r\n" % len(GOOD) + GOOD

SLOW: dict[str, bytes] = {
    "nothing": b"",
    "half a head": WHOLE[:40],
    "half a body": WHOLE[:-5],
    "line ends": b"\r\n",
    "half a request behind a whole one": WHOLE + WHOLE[:-5],
    "line ends behind a request": WHOLE + b"\r\n",
}


class Line:
    """A connection to a server whose time passes by when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._time = loop.time
        self._ahead = 0.0
        self._received = 0
        self._moved = asyncio.Event()
        received = BoundedHttpProtocol.data_received

        def noted(protocol: BoundedHttpProtocol, data: bytes) -> None:
            received(protocol, data)
            self._received += len(data)
            self._moved.set()

        monkeypatch.setattr(BoundedHttpProtocol, "data_received", noted)
        monkeypatch.setattr(loop, "time", lambda: self._time() + self._ahead)
        monkeypatch.setattr(protocol, "PATIENCE", 3_600.0)

    def pass_by(self, share: float) -> None:
        """Let some of the time pass by that a request may take."""
        self._ahead += share * protocol.PATIENCE

    async def open(self, port: int) -> None:
        self.reader, self._writer = await asyncio.open_connection("127.0.0.1", port)

    def begin_to_say(self, piece: bytes) -> None:
        """Send, at whatever pace it is taken."""
        self._writer.write(piece)

    async def say(self, piece: bytes) -> None:
        """Send, and wait until it has arrived."""
        expected = self._received + len(piece)
        self._writer.write(piece)
        async with asyncio.timeout(WITHIN):
            while self._received < expected:
                self._moved.clear()
                await self._moved.wait()

    async def answer(self) -> bytes:
        """Wait for an answer; give its head."""
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), WITHIN)
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await asyncio.wait_for(self.reader.readexactly(int(length.partition(b":")[2])), WITHIN)
        return head

    async def ends(self) -> bytes:
        """Wait until the server hangs up; give what it says before."""
        rest = await asyncio.wait_for(self.reader.read(), WITHIN)
        self._writer.close()
        return rest

    def hang_up(self) -> None:
        self._writer.close()


@pytest.mark.parametrize("name", SLOW)
async def test_a_request_that_never_becomes_whole_holds_no_connection(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    line = Line(monkeypatch)
    async with served(world) as port:
        await line.open(port)
        await line.say(SLOW[name])
        for _ in range(SLOW[name].count(GOOD)):
            assert b"HTTP/1.1 200" in await line.answer()
        line.pass_by(1)
        assert await line.ends() == b""


async def test_a_request_that_becomes_whole_in_time_is_answered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Line(monkeypatch)
    async with served(world) as port:
        await line.open(port)
        for _ in range(3):  # one connection, and longer in all than one request may take
            for piece in (WHOLE[:30], WHOLE[30:-9]):
                await line.say(piece)
                line.pass_by(0.4)
            await line.say(WHOLE[-9:])
            assert b"HTTP/1.1 200" in await line.answer()
        line.hang_up()


QUERIES = {
    "a query": b"?return_to=very-private",
    "an empty one": b"?",
    "a question mark in a query": b"?a=1?b=very-private",
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
async def test_the_access_log_has_the_path_and_never_the_query(
    world: World, caplog: pytest.LogCaptureFixture, query: bytes
) -> None:
    caplog.set_level(logging.INFO)
    async with served(world) as port:
        for target in (b"/login" + query, b"/login"):  # the twin has none
            assert (await sent(port, b"GET " + target + b" HTTP/1.1\r\nhost: x\r\n\r\n")).split()[1] == b"200"
    lines = [record.getMessage() for record in caplog.records if record.name == "uvicorn.access"]
    assert [line.partition(" - ")[2] for line in lines] == ['"GET /login HTTP/1.1" 200'] * 2
    assert "very-private" not in caplog.text


UPGRADES = {
    "a web socket": b"connection: upgrade\r\nupgrade: websocket\r\n",
    "HTTP/2 without TLS": b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AA\r\n",
    "something unheard of": b"connection: upgrade\r\nupgrade: teapot/1\r\n",
}


@pytest.mark.parametrize("wish", UPGRADES.values(), ids=UPGRADES.keys())
async def test_a_stranger_cannot_fill_the_log_by_asking_for_an_upgrade(
    world: World, caplog: pytest.LogCaptureFixture, wish: bytes
) -> None:
    async with served(world) as port:
        answer = await sent(port, b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + wish + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 200")
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_what_is_no_http_is_still_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    async with served(world) as port:
        assert (await sent(port, b"\x16\x03\x01 hello\r\n\r\n")).startswith(b"HTTP/1.1 400")
    assert "Invalid HTTP request received." in caplog.text


BIG = b"GET /api/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n"
MANY = 600  # answers: more than the buffers of two sockets hold


async def test_who_does_not_read_is_dropped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = asyncio.Event()
    real = BoundedHttpProtocol.connection_lost

    def noted(self: BoundedHttpProtocol, exc: Exception | None) -> None:
        real(self, exc)
        lost.set()

    monkeypatch.setattr(BoundedHttpProtocol, "connection_lost", noted)
    monkeypatch.setattr(protocol, "UNREAD", 0.05)
    async with served(world) as port:
        with socket.socket() as client:
            client.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(client, ("127.0.0.1", port))
            await loop.sock_sendall(client, BIG * MANY)
            await asyncio.wait_for(lost.wait(), WITHIN)


async def test_who_reads_gets_it_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    paused = asyncio.Event()
    real = BoundedHttpProtocol.pause_writing

    def noted(self: BoundedHttpProtocol) -> None:
        real(self)
        paused.set()

    monkeypatch.setattr(BoundedHttpProtocol, "pause_writing", noted)
    line = Line(monkeypatch)
    monkeypatch.setattr(protocol, "UNREAD", WITHIN / 2)
    async with served(world) as port:
        whole = len(await one_answer(port)) * MANY
        await line.open(port)
        line.begin_to_say(BIG * MANY)
        await asyncio.wait_for(paused.wait(), WITHIN)  # it has begun to count
        received = 0
        while received < whole:
            received += len(await asyncio.wait_for(line.reader.read(1_000_000), WITHIN))
        assert received == whole
        line.pass_by(protocol.UNREAD / protocol.PATIENCE)
        await line.say(WHOLE)
        assert b"HTTP/1.1 200" in await line.answer()  # and stays
        line.hang_up()


STREAM = b"GET /revocations/stream HTTP/1.1\r\nhost: x\r\n\r\n"
BEHIND = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


@pytest.mark.parametrize("behind", [b"", BEHIND, BEHIND * 3], ids=["nothing", "a request", "three requests"])
async def test_who_leaves_with_requests_behind_a_stream_leaves_no_stream(
    world: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, behind: bytes
) -> None:
    monkeypatch.setattr(feed, "HEARTBEAT", 0.05)
    async with served(world) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(STREAM)
        await reader.readuntil(b"data: ")
        assert world.app.state.feed.followers == 1
        writer.write(behind)
        await writer.drain()
        await reader.readuntil(b"data: ")  # by now the server has what is behind
        writer.transport.abort()
        async with asyncio.timeout(WITHIN):
            while world.app.state.feed.followers:  # noqa: ASYNC110 (it happens in the server)
                await asyncio.sleep(0.01)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []


async def one_answer(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(BIG)
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line
    )
    body = await reader.readexactly(length)
    writer.close()
    return head + body


REFUSED: dict[str, tuple[bytes, int, str]] = {
    "no HTTP": (b"\x16\x03\x01 hello\r\n\r\n", 400, "malformed_request"),
    "a header without a name": (b"GET /healthz HTTP/1.1\r\n: x\r\n\r\n", 400, "malformed_request"),
    "too many headers": (b"GET / HTTP/1.1\r\nx: " + b"a" * (MAX_FRAMING + 1), 431, "headers_too_large"),
}


@pytest.mark.parametrize(("start", "status", "code"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_no_request_gets_problem_details_too(
    world: World, start: bytes, status: int, code: str
) -> None:
    async with served(world) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(start)
        head, _, body = (await asyncio.wait_for(reader.read(), WITHIN)).partition(b"\r\n\r\n")
        writer.close()
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"content-type: application/problem+json" in head
    assert b"x-content-type-options: nosniff" in head
    assert b"frame-ancestors 'none'" in head
    assert b"cache-control: no-store" in head
    assert json.loads(body)["code"] == code
