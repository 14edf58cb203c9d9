"""An answer that is all there: head and body leave in one write.

uvicorn takes an answer in pieces, looks at each header of it by itself and writes the head alone: with
Starlette's layers, 5 of the 28 µs of the shortest answers. What Auth answers is nearly always there as a
whole, and most of its headers are the same for every answer. So `BoundedHttpProtocol` takes such an answer as
one message of its own, of which it tells by an extension in the scope (ASGI §Extensions); where a server has
none, two messages do as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Message, Scope

    from gatepass.server.answers import Header

WHOLE: Final = "gatepass.response.whole"
"""Both the extension's name and the message's type: `status`, `lines` of the head, `body`."""


def lines(headers: Iterable[Header]) -> bytes:
    """Write headers as lines of a head. Raises `ValueError` where one would be more than a line."""
    written = [b"%s: %s\r\n" % header for header in headers]
    text = b"".join(written)
    if not len(written) == text.count(b"\n") == text.count(b"\r"):
        raise ValueError("a header holds the end of a line")
    return text


def takes_whole(scope: Scope) -> bool:
    """Say whether the server takes whole answers."""
    return WHOLE in scope.get("extensions", ())


class WholeCycle(RequestResponseCycle):
    """uvicorn's exchange of a request and its answer, which also takes an answer as a whole."""

    async def send(self, message: Message) -> None:  # type: ignore[override]
        """Send a message of the application's."""
        if self.waiting_for_100_continue and self.more_body:
            # A client that asked first may send its body after this answer, or not (RFC 9110 §10.1.1): what
            # comes next could be taken for the body, or the body for a request.
            self.keep_alive = False
        if message["type"] != WHOLE:
            await super().send(message)  # type: ignore[arg-type]
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("an answer has begun already")
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(
            b"".join(
                (
                    STATUS_LINE[message["status"]],
                    *[b"%s: %s\r\n" % header for header in self.default_headers],
                    message["lines"],
                    b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n",
                    b"" if self.scope["method"] == "HEAD" else message["body"],
                )
            )
        )
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
