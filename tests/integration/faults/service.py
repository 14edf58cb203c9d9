"""A Service under uvicorn, with one guarded page; as a process, with its description as the argument."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

import msgspec
import uvicorn

from gatepass.verifier import Document, FeedTerms, Freshness, Guard, KeyTerms, Verifier
from gatepass.verifier.asgi import GatepassMiddleware
from gatepass.verifier.fetch import HttpFetch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gatepass.verifier.asgi import App, Receive, Scope, Send


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a Service is started with."""

    issuer: str
    line: str
    """The relay's address, in the place of the issuer's."""
    listening: int
    """The descriptor of a socket that listens."""
    max_staleness: float
    clock_offset: float = 0
    children: int = 0
    """Processes that are forked after the first use of the verifier; 0: none."""
    audience: str = "clinic"


class RelayedFetch(HttpFetch):
    """Takes the way over the relay; what is said and signed is the issuer's all the same."""

    def __init__(self, description: Description) -> None:
        super().__init__(timeout=2)
        self._issuer, self._line = description.issuer, description.line

    async def get(self, url: str, *, patience: float = 0) -> Document:
        return await super().get(self._relayed(url), patience=patience)

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        async for event in super().events(self._relayed(url), silence=silence):
            yield event

    def _relayed(self, url: str) -> str:
        return url.replace(self._issuer, self._line, 1)


def verifier(description: Description) -> Verifier:
    return Verifier(
        issuer=description.issuer,
        audience=description.audience,
        clock=lambda: time.time() + description.clock_offset,
        # Keys are fetched all the time, so that whatever befalls them does so soon.
        terms=KeyTerms(lifetime=0.5, shortest=0.5, longest=0.5, first_retry=0.2, longest_retry=0.5),
        feed=FeedTerms(first_retry=0.1, longest_retry=0.5, polling=1),
        make_fetch=lambda: RelayedFetch(description),
    )


def app(checks: Verifier, description: Description) -> App:
    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"x-process", str(os.getpid()).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"appointments"})

    guard = Guard(checks, freshness=Freshness(max_staleness=description.max_staleness))
    return GatepassMiddleware(page, guard=guard)


def serve(checks: Verifier, description: Description, listening: socket.socket) -> None:
    config = uvicorn.Config(app(checks, description), lifespan="off", log_level="warning")
    uvicorn.Server(config).run(sockets=[listening])


def prefork(checks: Verifier, description: Description, listening: socket.socket) -> None:
    """Use the verifier, then fork: as a server does that loads the app before its workers."""
    asyncio.run(checks.ready(10))
    children: list[int] = []
    for _ in range(description.children):
        child = os.fork()
        if not child:
            serve(checks, description, listening)
            os._exit(0)
        children.append(child)

    def end(*_: object) -> None:
        for child in children:
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    for child in children:
        os.waitpid(child, 0)


def main() -> None:
    description = msgspec.json.decode(sys.argv[1], type=Description)
    checks = verifier(description)
    listening = socket.socket(fileno=description.listening)
    start = prefork if description.children else serve
    start(checks, description, listening)


if __name__ == "__main__":
    main()
