"""Events sent to another machine: over TLS, to whom the certificate names, and again until they are kept."""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from tests.ports import free_port
from tests.unit.mail.smtp_server import certificate

from gatepass.auth import Event, EventKind, EventRecorded, Secret
from gatepass.server import EventCollector, EventExport
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_800_000_000.0
TOKEN = Secret(b"token-of-the-collector")
LINES = b'{"seq":1}\n{"seq":2}\n'


@dataclass
class Collector:
    """What another machine was sent, and what it answers."""

    url: str
    answers: list[int] = field(default_factory=list)
    """One for each delivery; then 204."""
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    was_asked: threading.Event = field(default_factory=threading.Event)


@contextmanager
def collecting(context: ssl.SSLContext | None = None) -> Iterator[Collector]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            made.sent.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            made.was_asked.set()
            self.send_response(made.answers.pop(0) if made.answers else 204)
            self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # who hangs up at our certificate
        if context is not None:
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if context is None else "https"
        made = Collector(f"{scheme}://127.0.0.1:{server.server_address[1]}/in?source=auth")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def test_it_is_sent_encrypted_with_the_token(tmp_path: Path) -> None:
    of_server, trusting = certificate(tmp_path)
    with collecting(of_server) as collector:
        EventCollector(collector.url, token=TOKEN, context=trusting).write(LINES)
    ((path, headers, body),) = collector.sent
    assert (path, body) == ("/in?source=auth", LINES)
    assert headers["authorization"] == "Bearer token-of-the-collector"
    assert headers["content-type"] == "application/x-ndjson"


def test_nothing_is_sent_to_whom_nobody_vouches_for(tmp_path: Path) -> None:
    of_server, _ = certificate(tmp_path)
    with collecting(of_server) as collector, pytest.raises(OSError, match="certificate"):
        EventCollector(collector.url, token=TOKEN).write(LINES)
    assert collector.sent == []


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 500, 503])
def test_only_2xx_says_that_it_is_kept(status: int) -> None:
    with collecting() as collector:
        collector.answers = [status]
        with pytest.raises(OSError, match=str(status)):
            EventCollector(collector.url, token=None).write(LINES)
        EventCollector(collector.url, token=None).write(LINES)
    assert [body for _, _, body in collector.sent] == [LINES, LINES]  # and a redirect was not followed
    assert "authorization" not in collector.sent[0][1]


def test_what_does_not_answer_has_kept_nothing() -> None:
    with pytest.raises(OSError, match="refused"):
        EventCollector(f"http://127.0.0.1:{free_port()}/in", token=None).write(LINES)


async def test_events_wait_for_a_collector_that_is_away_and_none_is_lost() -> None:
    store = MemoryStore()
    with collecting() as collector:
        outlet = EventCollector(collector.url, token=None)
        export = EventExport(store, outlet, name="one", clock=lambda: NOW)
        collector.answers = [503]
        for reason in ("a", "b"):
            await store.commit(EventRecorded(Event(NOW, EventKind.LOGGED_IN, reason=reason)))
        with pytest.raises(OSError, match="503"):
            await export.step()
        await export.step()
        await store.commit(EventRecorded(Event(NOW, EventKind.LOGGED_IN, reason="c")))
        await export.step()
    kept = [json.loads(line)["reason"] for _, _, body in collector.sent[1:] for line in body.splitlines()]
    assert kept == ["a", "b", "c"]


async def test_who_stops_while_the_collector_is_away_lets_another_have_the_turn() -> None:
    store = MemoryStore()
    await store.commit(EventRecorded(Event(NOW, EventKind.LOGGED_IN)))
    with collecting() as collector:
        collector.answers = [503, 503]
        exports = [
            EventExport(store, EventCollector(collector.url, token=None), name=name, clock=lambda: NOW)
            for name in ("one", "two")
        ]
        stopping = asyncio.create_task(exports[0].run())
        assert await asyncio.to_thread(collector.was_asked.wait, 60)
        stopping.cancel()
        await asyncio.gather(stopping, return_exceptions=True)
        collector.answers = []
        await exports[1].step()
    assert collector.sent[-1][2] == collector.sent[0][2]
    assert (await store.event_export()).place == 1
