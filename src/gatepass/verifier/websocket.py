"""WebSockets: a handshake is refused as a request is, and an open socket ends with its pass."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any, Final

from gatepass.verifier.asgi_messages import send_answer
from gatepass.verifier.errors import Refused, Unavailable

if TYPE_CHECKING:
    from gatepass.verifier.asgi_messages import App, Message, Receive, Scope, Send
    from gatepass.verifier.guard import Guard
    from gatepass.verifier.principal import Principal

log: Final = logging.getLogger("gatepass.verifier")

SOCKET: Final = "gatepass.websocket"
"""Where in the scope the `WatchedSocket` is."""

POLICY_VIOLATION: Final = 1008  # RFC 6455 §7.4.1
TRY_AGAIN_LATER: Final = 1013  # in IANA's registry of close codes

DENIAL: Final = "websocket.http.response"
"""ASGI's extension for servers that can answer a handshake with more than a bare 403."""

GRACE: Final = 2.0
"""Seconds in which a client is sent the end, and again as many in which the app may tidy up."""


class SocketEnded(OSError):
    """The app sends on a socket that has been closed; ASGI wants an `OSError` for that."""


class WatchedSocket:
    """One WebSocket, between the server and the app: closed as soon as the pass that opened it fails.

    The app then receives a `websocket.disconnect`, as if the client had gone; if it does not listen, it is
    cancelled.
    """

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self._guard = guard
        self._scope = scope
        self._receive = receive
        self._send = send
        self._accepted = False
        self._closed = False
        self._refusal: Refused | None = None  # from then on, nothing passes in either direction
        self._told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._receiving: asyncio.Future[Message] | None = None
        self._watches: list[asyncio.Task[None]] = []
        self._life = asyncio.timeout(None)

    async def serve(self, app: App) -> None:
        """Let the app serve the socket until one of them ends."""
        self._scope[SOCKET] = self
        try:
            async with self._life:
                try:
                    await app(self._scope, self.receive, self.send)
                except Refused as refusal:
                    await self.refuse(refusal)
                except SocketEnded:
                    pass  # that is how the app learned of it
                finally:
                    await self._finish()
        except TimeoutError:
            if not self._life.expired():
                raise  # the app's own

    def watch(self, principal: Principal, guard: Guard) -> None:
        """Close the socket when this Principal no longer holds for that guard."""
        self._watches.append(asyncio.create_task(self._until_the_end(principal, guard)))

    async def refuse(self, refusal: Refused) -> None:
        """Close the socket: by an HTTP answer while the handshake waits for one, by a close code later."""
        if self._refusal is not None:
            return
        self._refusal = refusal
        try:
            if not self._closed:
                await self._say(refusal)
        finally:
            self._told.set_result(None)

    async def receive(self) -> Message:
        """Give the app what the client sent, or tell it of the end."""
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._receive())
        # An app that stops waiting (a timeout) loses nothing: what arrives is kept for its next call.
        either: set[asyncio.Future[Any]] = {self._receiving, self._told}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self._refusal is not None:
            await asyncio.wait({self._told})
            return {**_close(self._refusal), "type": "websocket.disconnect"}
        received, self._receiving = self._receiving, None
        message = received.result()
        self._closed = self._closed or message["type"] == "websocket.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Send what the app sends, while the pass holds."""
        kind = message["type"]
        if self._refusal is not None:
            if kind == "websocket.close":
                return  # it is
            raise SocketEnded("the pass of this WebSocket no longer holds")
        self._accepted = self._accepted or kind == "websocket.accept"
        self._closed = self._closed or kind in {"websocket.close", f"{DENIAL}.start"}
        await self._send(message)

    async def _say(self, refusal: Refused) -> None:
        if not self._accepted and DENIAL in (self._scope.get("extensions") or {}):
            await send_answer(self._guard.answer(refusal), self._send, kind=DENIAL)
        else:
            await self._send(_close(refusal))  # not accepted yet: the server makes a bare 403 of it

    async def _until_the_end(self, principal: Principal, guard: Guard) -> None:
        try:
            refusal = await guard.end_of(principal)
        except Exception:
            # Nobody watches over this pass any more, so it must not be relied on.
            log.exception("an open WebSocket could not be watched")
            refusal = Unavailable("not_watched", retry_after=1)
        log.info("WebSocket closed: %s", refusal.reason)
        # A client that has gone is an error to some servers, and one that reads nothing would hold us up.
        with contextlib.suppress(Exception):
            async with asyncio.timeout(GRACE):
                await self.refuse(refusal)
        self._life.reschedule(asyncio.get_running_loop().time() + GRACE)

    async def _finish(self) -> None:
        if self._refusal is not None:
            await asyncio.wait({self._told})  # the app may be done sooner than the client is told
        for task in (*self._watches, self._receiving):
            if task is not None:
                task.cancel()


def _close(refusal: Refused) -> Message:
    code = TRY_AGAIN_LATER if isinstance(refusal, Unavailable) else POLICY_VIOLATION
    return {"type": "websocket.close", "code": code, "reason": refusal.code}
