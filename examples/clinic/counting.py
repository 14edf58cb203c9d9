"""Counting the requests of a Service where they happen, for the panel of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Counting:
    """Counts every request under /api/v1 that reaches the Service."""

    def __init__(self, app: ASGIApp, counter: Counter) -> None:
        self._app = app
        self._counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, and pass on."""
        if scope["type"] == "http" and scope["path"].startswith("/api/v1/"):
            self._counter.requests += 1
        await self._app(scope, receive, send)


class Counter:
    """One number, kept by one process."""

    def __init__(self) -> None:
        self.requests = 0
