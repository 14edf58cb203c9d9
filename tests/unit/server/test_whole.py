"""An answer that is all there leaves in one write, and says what it would have said in two."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from gatepass.server.answers import Answer
from gatepass.server.headers import Frame
from gatepass.server.protocol import MAX_FRAMING, BoundedHttpProtocol
from gatepass.server.whole import lines

ANSWERS = {
    "/json": Answer(200, b"{}", ((b"content-type", b"application/json"),)),
    "/kept": Answer(200, b"keep me", ((b"cache-control", b"max-age=60"),)),
    "/same": Answer(304, b"", ((b"etag", b'"1"'),)),
    "/nothing": Answer(204, b"", ()),
    "/split": Answer(200, b"", ((b"x", b"a\r\nset-cookie: b=c"),)),
}


class Wire(asyncio.Transport):
    """A connection that notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Counting:
    """A parser, and how much it was given."""

    def __init__(self, parser: Any, given: list[int]) -> None:
        self._parser = parser
        self._given = given

    def feed_data(self, data: bytes) -> None:
        self._given.append(len(data))
        self._parser.feed_data(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/pieces":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})
    else:
        await ANSWERS[scope["path"]].send(send)


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def protocol(wire: Wire) -> BoundedHttpProtocol:
    frame = Frame(app, hsts=None, app_origins=frozenset(), trusted=(), literal={})
    config = uvicorn.Config(frame, lifespan="off", log_config=None, access_log=False, ws="none")
    state = ServerState()
    state.default_headers = [(b"date", b"now")]
    made = BoundedHttpProtocol(config, state, {}, asyncio.get_running_loop())
    made.access_log = False
    made.connection_made(wire)
    return made


async def answered(protocol: BoundedHttpProtocol, said: bytes) -> None:
    protocol.data_received(said)
    while protocol.tasks:
        await asyncio.gather(*protocol.tasks, return_exceptions=True)
        await asyncio.sleep(0)


def ask(path: str, method: str = "GET", version: str = "1.1") -> bytes:
    return f"{method} {path} HTTP/{version}\r\nhost: x\r\n\r\n".encode()


async def test_head_and_body_are_one_write(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    await answered(protocol, ask("/json"))
    (said,) = wire.told
    head, body = said.split(b"\r\n\r\n")
    assert body == b"{}"
    status, *headers = head.split(b"\r\n")
    assert status == b"HTTP/1.1 200 OK"
    names = [header.split(b":")[0] for header in headers]
    assert sorted(names) == sorted(
        [
            *(b"date", b"content-length", b"content-type", b"x-request-id"),
            *(b"cache-control", b"content-security-policy", b"x-content-type-options"),
        ]
    )
    assert not wire.is_closed


async def test_an_answer_keeps_its_own_word(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    await answered(protocol, ask("/kept"))
    assert wire.told[0].count(b"cache-control") == 1
    assert b"cache-control: max-age=60\r\n" in wire.told[0]
    assert b"x-content-type-options: nosniff\r\n" in wire.told[0]


async def test_head_has_the_length_and_no_body(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    await answered(protocol, ask("/kept", "HEAD"))
    assert b"content-length: 7\r\n" in wire.told[0]
    assert wire.told[0].endswith(b"\r\n\r\n")


@pytest.mark.parametrize("path", ["/same", "/nothing"])
async def test_what_never_has_a_body_has_no_length(
    protocol: BoundedHttpProtocol, wire: Wire, path: str
) -> None:
    await answered(protocol, ask(path))  # RFC 9110 §8.6
    assert b"content-length" not in wire.told[0]
    assert b"transfer-encoding" not in wire.told[0]


async def test_an_old_client_is_hung_up_on(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    await answered(protocol, ask("/json", version="1.0"))
    assert b"\r\nconnection: close\r\n\r\n{}" in wire.told[0]
    assert wire.is_closed


async def test_requests_that_came_together_are_answered_in_order(
    protocol: BoundedHttpProtocol, wire: Wire
) -> None:
    await answered(protocol, ask("/json") + ask("/pieces") + ask("/nothing"))
    text = b"".join(wire.told)
    order = [text.index(mark) for mark in (b"\r\n\r\n{}", b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n", b" 204 ")]
    assert order == sorted(order)


CHUNKED = b"POST /json HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("behind", [b"no request\r\n\r\n", b"x" * 100_000, CHUNKED + b"no chunk\r\n"])
async def test_what_is_no_request_gets_no_answer_before_the_request_in_front_of_it(
    protocol: BoundedHttpProtocol, wire: Wire, behind: bytes
) -> None:
    await answered(protocol, ask("/json") + ask("/nothing") + behind)
    assert [said[:12] for said in wire.told] == [b"HTTP/1.1 200", b"HTTP/1.1 204"]
    assert b"\r\nconnection: close\r\n" in wire.told[-1]
    assert wire.is_closed


async def test_an_endless_head_behind_a_request_is_not_collected_until_that_is_answered(
    protocol: BoundedHttpProtocol, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected: list[int] = []
    parser = protocol.parser
    monkeypatch.setattr(protocol, "parser", Counting(parser, collected))
    protocol.data_received(ask("/json") + b"GET / HTTP/1.1\r\nx: ")
    for _ in range(50):
        protocol.data_received(b"x" * 8_192)
    assert sum(collected) <= MAX_FRAMING + 2 * 8_192
    await asyncio.gather(*protocol.tasks)
    assert [said[:12] for said in wire.told] == [b"HTTP/1.1 200"]
    assert wire.is_closed


async def test_a_body_that_breaks_off_is_refused_though_its_request_is_under_way(
    protocol: BoundedHttpProtocol, wire: Wire
) -> None:
    await answered(protocol, CHUNKED + b"no chunk\r\n")
    assert wire.told[0].startswith(b"HTTP/1.1 400 ")
    assert wire.is_closed


async def test_who_does_not_read_is_waited_for(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    protocol.flow.pause_writing()
    protocol.data_received(ask("/json"))
    for _ in range(5):
        await asyncio.sleep(0)
    assert wire.told == []
    protocol.flow.resume_writing()
    await asyncio.gather(*protocol.tasks)
    assert wire.told[0].endswith(b"{}")


async def test_who_is_gone_is_told_nothing(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    protocol.data_received(ask("/json"))
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.tasks)
    assert wire.told == []


async def test_a_header_that_would_be_two_is_never_sent(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    await answered(protocol, ask("/split"))
    (said, *rest) = wire.told
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in b"".join([said, *rest])


async def test_what_the_application_could_not_answer_has_the_headers_of_every_answer(
    protocol: BoundedHttpProtocol, wire: Wire
) -> None:
    await answered(protocol, ask("/split"))
    said = b"".join(wire.told)
    for header in (b"content-type: application/problem+json", b"cache-control: no-store", b"nosniff"):
        assert header in said
    assert said.endswith(b"}")
    assert wire.is_closed


EXPECTS = b"POST %s HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n"


@pytest.mark.parametrize("path", [b"/json", b"/pieces"])
async def test_a_body_that_was_not_asked_for_is_not_waited_for(
    protocol: BoundedHttpProtocol, wire: Wire, path: bytes
) -> None:
    """The client may leave it out now (RFC 9110 §10.1.1): its next request would be taken for it."""
    await answered(protocol, EXPECTS % path)
    assert b"\r\nconnection: close\r\n" in wire.told[0]
    assert wire.is_closed


async def test_a_body_that_came_unasked_ends_nothing(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    await answered(protocol, EXPECTS % b"/json" + b"body" + ask("/nothing"))
    assert [said[:12] for said in wire.told] == [b"HTTP/1.1 200", b"HTTP/1.1 204"]
    assert not wire.is_closed


async def test_with_an_access_log_it_comes_in_pieces(protocol: BoundedHttpProtocol, wire: Wire) -> None:
    protocol.access_log = True
    await answered(protocol, ask("/json"))
    head, body = wire.told
    assert head.endswith(b"\r\n\r\n")
    assert body == b"{}"


@pytest.mark.parametrize("value", [b"a\nb", b"a\rb", b"a\r\nb"])
def test_a_line_is_one_line(value: bytes) -> None:
    with pytest.raises(ValueError, match="end of a line"):
        lines([(b"a", value)])
