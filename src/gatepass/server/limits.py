"""What a request may weigh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.server.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive

# The largest honest body is an expired access token with a long list of permissions.
MAX_BODY: Final = 32_768


class ClientGone(Exception):
    """The client hung up before its request was whole; there is nobody to answer."""


async def read_body(headers: Iterable[tuple[bytes, bytes]], receive: Receive) -> bytes:
    """Read the body up to `MAX_BODY` bytes. Raises `Refused("body_too_large")`, `ClientGone`."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and int(value[:12]) > MAX_BODY:
            raise Refused("body_too_large")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > MAX_BODY:
            raise Refused("body_too_large")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
