"""The clock stands still while a page is run, and a JWK Set is served on this machine."""

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, tzinfo
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import jwt.api_jwt
import pytest
from tests.docs.pages import NOW


class _AnyDatetime(type):
    """Keeps `isinstance(value, datetime)` true for every datetime."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


class _Standing(datetime, metaclass=_AnyDatetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.fromtimestamp(NOW, tz)


@pytest.fixture
def fixed_clock(monkeypatch: pytest.MonkeyPatch) -> float:
    """Let every library read the same second; ours reads none, PyJWT and joserfc do."""
    monkeypatch.setattr(time, "time", lambda: NOW)
    monkeypatch.setattr(jwt.api_jwt, "datetime", _Standing)
    return NOW


@pytest.fixture
def namespace(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """The module in which a page is run; what a page makes of logging ends with it."""
    page, root, verifier = ModuleType("page"), logging.getLogger(), logging.getLogger("gatepass.verifier")
    handlers, level, own_level = root.handlers[:], root.level, verifier.level
    monkeypatch.setitem(sys.modules, "page", page)  # where a framework looks up the types of a function
    yield vars(page)
    root.handlers[:] = handlers
    root.setLevel(level)
    verifier.setLevel(own_level)


@pytest.fixture
def jwks_uri(namespace: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address at which the page's own variable `jwks` is served."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(namespace["jwks"]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()
        thread.join()
