"""What ASGI hands to and fro: its types, the head of a request, and an answer as messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gatepass.verifier.carry import RequestHead

if TYPE_CHECKING:
    from gatepass.verifier.challenge import Answer

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

# A WebSocket begins with a GET that changes something: it opens a connection which any site may ask a browser
# for, cookies included, and whose words it may then read. So the handshake counts as unsafe, under the name
# that it has in HTTP/2 and HTTP/3 (RFC 8441 §4): a cookie needs a sign that our own page sent it.
HANDSHAKE: Final = "CONNECT"


def request_head(scope: Scope) -> RequestHead:
    """Take out of an ASGI scope what a guard needs; the query string is not part of it."""
    return RequestHead(scope["method"] if scope["type"] == "http" else HANDSHAKE, scope["headers"])


async def send_answer(answer: Answer, send: Send, *, kind: str = "http.response") -> None:
    """Send an answer; `kind` is how ASGI calls it: a response, or the refusal of a WebSocket."""
    headers = [(name.encode(), value.encode()) for name, value in answer.headers]
    await send({"type": f"{kind}.start", "status": answer.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": answer.body})
