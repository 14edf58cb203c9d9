"""uvicorn's HTTP protocol, with an end to what a client may send beside the body of its request."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Bytes of request line, headers, chunk sizes and trailers. An honest head with a large token is a quarter of
# it; httptools itself has no limit, and would collect one endless header until memory is gone.
MAX_FRAMING: Final = 65_536


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose request has too much that is not body, and passes trailers over."""

    _framing = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse once it is too much and the request still not whole."""
        self._framing += len(data)
        super().data_received(data)
        if self._framing > MAX_FRAMING and not self.transport.is_closing():
            self.send_400_response("Request header fields too large.")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. A trailer is none (RFC 9110 §6.5.1).

        uvicorn would append it to the headers of the request that is being answered: an `X-Forwarded-For` or
        `Origin` that no proxy in front has looked at.
        """
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Know that the head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Let the body be counted by who reads it."""
        self._framing -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin to count the next request."""
        self._in_head = True
        self._framing = 0
        super().on_message_complete()
