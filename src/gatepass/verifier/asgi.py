"""The guard for plain ASGI: one middleware answers refusals, one lets nobody in without a pass."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gatepass.verifier.carry import RequestHead
from gatepass.verifier.errors import Refused, Unavailable

if TYPE_CHECKING:
    from gatepass.verifier.guard import Guard
    from gatepass.verifier.require import Requirement

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

PRINCIPAL: Final = "gatepass.principal"
"""Where in the scope the Principal is."""

# 1008 is "policy violation" (RFC 6455 §7.4.1); closed before it was accepted, the server answers 403.
REFUSED_WEB_SOCKET: Final[Message] = {"type": "websocket.close", "code": 1008}

# A Service that starts before Auth must start all the same: its requests say 503 until the keys are there.
START_UP_WAIT: Final = 2.0  # seconds


class AnswerRefusals:
    """Answers a `Refused` raised by the app below, and lets the verifier begin and end with the app.

    It asks for no pass by itself; that is for the routes to do (see `adapters`), or for `GatepassMiddleware`.
    """

    def __init__(self, app: App, *, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the app's life."""
        if scope["type"] == "lifespan":
            await self.app(scope, self._beginning(receive), self._ending(send))
            return
        try:
            await self.serve(scope, receive, send)
        except Refused as refusal:
            await _send_answer(self.guard, refusal, scope, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the app."""
        await self.app(scope, receive, send)

    def _beginning(self, receive: Receive) -> Receive:
        async def received() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                with contextlib.suppress(Unavailable):
                    await self.guard.verifier.ready(START_UP_WAIT)
            return message

        return received

    def _ending(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                await self.guard.verifier.close()
            await send(message)

        return sent


class GatepassMiddleware(AnswerRefusals):
    """Lets a request through only with a pass that holds; the scope's `gatepass.principal` says whose.

    Put CORS outside of it: a preflight carries no pass. A WebSocket is refused until it can be closed with
    its session.
    """

    def __init__(self, app: App, *, guard: Guard, requires: tuple[Requirement, ...] = ()) -> None:
        super().__init__(app, guard=guard)
        self.requires = requires

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the pass, then hand the request to the app."""
        if scope["type"] != "http":
            await send(REFUSED_WEB_SOCKET)
            return
        scope[PRINCIPAL] = await self.guard.user(request_head(scope), *self.requires)
        await self.app(scope, receive, send)


def request_head(scope: Scope) -> RequestHead:
    """Take out of an ASGI scope what a guard needs; the query string is not part of it."""
    return RequestHead(scope["method"], scope["headers"])


async def _send_answer(guard: Guard, refusal: Refused, scope: Scope, send: Send) -> None:
    answer = guard.answer(refusal)
    if scope["type"] == "websocket":
        await send(REFUSED_WEB_SOCKET)
        return
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    body = b"" if scope.get("method") == "HEAD" else answer.body
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
