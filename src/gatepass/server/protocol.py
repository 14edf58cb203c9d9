"""uvicorn's HTTP protocol, with an end to what a client may send ahead of its request."""

from __future__ import annotations

from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Bytes of request line and headers. An honest head with a large token is a quarter of it; httptools itself
# has no limit, and would collect one endless header until memory is gone.
MAX_HEAD: Final = 65_536


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes a connection whose head does not come to an end."""

    _head_size = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse once the head is too long and still not whole."""
        super().data_received(data)
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD and not self.transport.is_closing():
                self.send_400_response("Request header fields too large.")

    def on_headers_complete(self) -> None:
        """Let the body be counted by who reads it."""
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Begin to count the next head."""
        self._in_head = True
        self._head_size = 0
        super().on_message_complete()
