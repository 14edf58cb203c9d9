"""SIGTERM: what is under way is finished, what is new is refused, what never ends by itself is let go."""

from __future__ import annotations

import json
import signal
import socket
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.integration.conftest import PASSWORD, PATIENCE, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

BODY = json.dumps({"email": "root@example.org", "password": PASSWORD}).encode()
HEAD = b"POST /api/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n"


@pytest.fixture
def slow(site: Site) -> Iterator[socket.socket]:
    """Give a connection with half a request on it, of which the server knows."""
    with socket.create_connection(("127.0.0.1", site.port), PATIENCE) as connection:
        connection.sendall(HEAD + b"content-length: %d\r\n\r\n" % len(BODY))
        assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")  # now it waits for the body
        connection.sendall(BODY[:10])
        yield connection


def refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    except ConnectionRefusedError:
        return True
    return False


def test_the_slow_one_is_answered_and_nobody_new_is_let_in(site: Site, slow: socket.socket) -> None:
    assert site.process is not None
    with httpx.stream("GET", f"{site.url}/revocations/stream", timeout=PATIENCE) as follower:
        pages = follower.iter_raw()
        next(pages)
        site.process.send_signal(signal.SIGTERM)
        for _ in pages:
            pass  # to its end: the server has begun to stop
        while not refuses(site.port):
            pass
        slow.sendall(BODY[10:])
        answer = b""
        while piece := slow.recv(65_536):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer.lower()
    session_id = json.loads(answer.partition(b"\r\n\r\n")[2])["session_id"]
    assert site.process.wait(PATIENCE) == 0
    site.start()
    with site.client(authorization=f"Bearer {session_id}") as client:
        assert client.get("/api/me").status_code == 200  # what was acknowledged is there
