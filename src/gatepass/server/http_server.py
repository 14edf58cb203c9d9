"""uvicorn as Auth runs it: with the options that are safe here, and with an end of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import uvicorn

from gatepass.server.protocol import BoundedHttpProtocol

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from starlette.applications import Starlette

# Requests under way may take this long to end after the signal. Seconds.
GRACEFUL_SHUTDOWN: Final = 10


class HttpServer(uvicorn.Server):
    """uvicorn, without its last act: to raise the signal again, while the store is still open.

    And who follows the revocation feed is let go first: those answers never end by themselves.
    """

    def __init__(self, app: Starlette, *, access_log: bool) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedHttpProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="info" if access_log else "warning",
                access_log=access_log,
                # The client's address is worked out in server/addresses.py, from trusted proxies alone.
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACEFUL_SHUTDOWN,
            )
        )
        self._feed = app.state.feed

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and finish what is under way."""
        self._feed.close()
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (the signal module's words)
        """Finish what is under way; at the second signal drop it."""
        self.force_exit = self.should_exit
        self.should_exit = True
