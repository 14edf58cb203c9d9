"""A process that is about to end: what is on its way on an idle connection is answered, then it is closed."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
import uvicorn

from gatepass.server import protocol
from gatepass.server.protocol import BoundedHttpProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server_world import World

ASK = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
WITHIN = 30  # seconds


@pytest.fixture
async def server(world: World) -> AsyncIterator[uvicorn.Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            world.app, http=BoundedHttpProtocol, ws="none", lifespan="off", log_config=None
        )
        made = uvicorn.Server(config)
        running = asyncio.create_task(made.serve(sockets=[listener]))
        while not made.started:  # noqa: ASYNC110 (uvicorn has no event for it)
            await asyncio.sleep(0.01)
        yield made
        made.should_exit = True
        await running


async def idle(server: uvicorn.Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Give a connection that was used once, after the server was told to let it go."""
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(ASK)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WITHIN)
    assert b"connection: close" not in head.lower()
    assert await reader.readexactly(len(b'{"status":"ok"}'))
    for connection in server.server_state.connections:
        connection.shutdown()
    return reader, writer


async def test_a_request_that_was_on_its_way_is_the_last_one_answered(
    server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER", WITHIN)
    reader, writer = await idle(server)
    writer.write(ASK)
    answer = await asyncio.wait_for(reader.read(), WITHIN)  # to its end
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()
    writer.close()


async def test_a_connection_on_which_nothing_comes_is_closed(
    server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "LINGER", 0.01)
    reader, writer = await idle(server)
    assert await asyncio.wait_for(reader.read(), WITHIN) == b""
    writer.close()
