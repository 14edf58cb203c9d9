"""Ports for what the tests start: nobody is given one of them until the tests end."""

from __future__ import annotations

import atexit
import secrets
import socket
import sys
from contextlib import ExitStack
from typing import Final

HOST: Final = "127.0.0.1"
LOWEST, HIGHEST = 10_000, 32_000  # below those that the system gives to outgoing connections


def free_port() -> int:
    """Give a port that is nobody else's, also while whoever listens on it stops and starts again."""
    return free_ports(1)[0]


def free_ports(count: int) -> range:
    """Give so many in a row."""
    while True:
        first = LOWEST + secrets.randbelow(HIGHEST - LOWEST - count)
        found = range(first, first + count)
        with ExitStack() as stack:
            try:
                for port in found:
                    _hold(stack.enter_context(socket.socket()), port)
            except OSError:
                continue
            if sys.platform == "linux":  # elsewhere nobody could listen beside us
                atexit.register(stack.pop_all().close)
            return found


def _hold(own: socket.socket, port: int) -> None:
    """Bind, and never listen.

    First as one who shares with nobody, so that all who hold it are met; then as one who does not mind a
    server, which says the same of itself.
    """
    own.bind((HOST, port))
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
