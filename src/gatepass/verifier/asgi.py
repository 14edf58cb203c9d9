"""The guard for plain ASGI: one middleware answers refusals, one lets nobody in without a pass."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from gatepass.verifier.asgi_messages import App, Message, Receive, Scope, Send, request_head, send_answer
from gatepass.verifier.errors import Refused, Unavailable
from gatepass.verifier.websocket import SOCKET, WatchedSocket

if TYPE_CHECKING:
    from gatepass.verifier.guard import Guard
    from gatepass.verifier.principal import Principal
    from gatepass.verifier.require import Requirement

__all__ = [
    "PRINCIPAL",
    "SOCKET",
    "AnswerRefusals",
    "App",
    "GatepassMiddleware",
    "Message",
    "Receive",
    "Scope",
    "Send",
    "begin",
    "request_head",
    "user",
    "user_or_none",
]

PRINCIPAL: Final = "gatepass.principal"
"""Where in the scope the Principal is."""
_GUARD: Final = "gatepass.guard"

# A Service that starts before Auth must start all the same: its requests say 503 until the keys are there.
START_UP_WAIT: Final = 2.0  # seconds


async def user_or_none(scope: Scope, guard: Guard) -> Principal | None:
    """Give who sends the request or opens the WebSocket, and note it in the scope; None without a pass.

    A guard checks a request once, however often it is asked. Raises `Refused`.
    """
    if scope.get(_GUARD) is not guard:  # another guard may want more of the same pass
        if scope["type"] == "websocket":
            found = await _opening(scope, guard)
        else:
            found = await guard.user_or_none(request_head(scope))
        scope[PRINCIPAL], scope[_GUARD] = found, guard
        return found
    known: Principal | None = scope[PRINCIPAL]
    return known


async def user(scope: Scope, guard: Guard, *requirements: Requirement) -> Principal:
    """Give who sends the request or opens the WebSocket, if they hold everything that is required.

    Raises `Refused`.
    """
    found = await user_or_none(scope, guard)
    if found is not None and not requirements:
        return found
    try:
        return guard.demand(found, *requirements)
    except Refused as refusal:
        await _refuse(_socket(scope), refusal)
        raise


async def begin(guard: Guard) -> None:
    """Let the verifier begin with the app, and wait a moment for its first keys."""
    with contextlib.suppress(Unavailable):
        await guard.verifier.ready(START_UP_WAIT)


class AnswerRefusals:
    """Answers a `Refused` raised by the app below, closes WebSockets whose pass no longer holds, and lets the
    verifier begin and end with the app.

    It asks for no pass by itself; that is for the routes to do (see `adapters`), or for `GatepassMiddleware`.
    """

    def __init__(self, app: App, *, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one WebSocket, or the app's life."""
        if scope["type"] == "lifespan":
            await self.app(scope, self._beginning(receive), self._ending(send))
        elif scope["type"] == "websocket":
            await WatchedSocket(self.guard, scope, receive, send).serve(self.serve)
        else:
            try:
                await self.serve(scope, receive, send)
            except Refused as refusal:
                await send_answer(self.guard.answer(refusal).to(scope["method"]), send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request to the app."""
        await self.app(scope, receive, send)

    def _beginning(self, receive: Receive) -> Receive:
        async def received() -> Message:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await begin(self.guard)
            return message

        return received

    def _ending(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
            if message["type"].startswith("lifespan.shutdown"):
                await self.guard.verifier.close()
            await send(message)

        return sent


class GatepassMiddleware(AnswerRefusals):
    """Lets a request or a WebSocket through only with a pass that holds.

    The scope's `gatepass.principal` says whose. Put CORS outside of it: a preflight carries no pass.
    """

    def __init__(self, app: App, *, guard: Guard, requires: tuple[Requirement, ...] = ()) -> None:
        super().__init__(app, guard=guard)
        self.requires = requires

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the pass, then hand the request to the app."""
        found = await user_or_none(scope, self.guard)
        if found is None or self.requires:
            await user(scope, self.guard, *self.requires)
        await self.app(scope, receive, send)


async def _opening(scope: Scope, guard: Guard) -> Principal | None:
    """Give who opens a WebSocket, which is watched from then on."""
    socket = _socket(scope)
    try:
        found = await guard.user_or_none(request_head(scope))
    except Refused as refusal:
        await _refuse(socket, refusal)
        raise
    if socket is not None and found is not None:
        socket.watch(found, guard)
    return found


def _socket(scope: Scope) -> WatchedSocket | None:
    if scope["type"] != "websocket":
        return None
    socket = scope.get(SOCKET)
    if not isinstance(socket, WatchedSocket):
        # Without one, a kicked-out user would keep the connection. Better to find out at the first try.
        raise TypeError("a WebSocket needs the AnswerRefusals middleware around the app: install the gate")
    return socket


async def _refuse(socket: WatchedSocket | None, refusal: Refused) -> None:
    # At once: some frameworks make a close code of their own of every exception that passes them.
    if socket is not None:
        await socket.refuse(refusal)
