"""Talk to an app as its server would, without one: what is seen is what the app itself said."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, NamedTuple
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gatepass.verifier.asgi import App, Message


class Reply(NamedTuple):
    """An answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, out of its quotes where the framework writes JSON."""
        text = self.body.decode()
        return str(json.loads(text)) if text.startswith('"') else text


def ask_asgi(app: App, method: str, path: str, headers: Mapping[str, str]) -> Reply:
    """Send one request to an ASGI app."""
    return asyncio.run(_ask_asgi(app, method, path, headers))


async def _ask_asgi(app: App, method: str, path: str, headers: Mapping[str, str]) -> Reply:
    scope = {**asgi_scope("http", path, headers), "method": method, "http_version": "1.1"}
    requests = iter([{"type": "http.request", "body": b"", "more_body": False}])
    said: list[Message] = []

    async def receive() -> Message:
        for request in requests:
            return request
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    start, *parts = said
    names = {name.decode(): value.decode() for name, value in start["headers"]}
    return Reply(start["status"], names, b"".join(part.get("body", b"") for part in parts))


def asgi_scope(kind: str, path: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """Give what the scope of a request and the one of a WebSocket have in common."""
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("clinic.example", 80),
        "state": {},
    }


def ask_wsgi(app: Callable[..., Any], method: str, path: str, headers: Mapping[str, str]) -> Reply:
    """Send one request to a WSGI app, and hold it to PEP 3333."""
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path}
    environ["QUERY_STRING"] = ""
    setup_testing_defaults(environ)
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    began: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, said: list[tuple[str, str]], exc_info: Any = None) -> Callable[..., Any]:
        began.append((status, said))
        return lambda _: None

    parts = validator(app)(environ, start_response)
    try:
        body = b"".join(parts)
    finally:
        parts.close()  # type: ignore[attr-defined]
    status, said = began[-1]
    return Reply(int(status[:3]), {name.lower(): value for name, value in said}, body)


async def live(app: App) -> list[str]:
    """Run an app's life from its start to its shutdown, and give what it said."""
    received = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    said: list[str] = []

    async def receive() -> Message:
        return next(received)

    async def send(message: Message) -> None:
        said.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return said
