"""Events sent to another machine as they come: whoever owns this one later can't unwrite them there."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from gatepass.auth import Secret

PATIENCE: Final = 5.0
"""Seconds for each step of a delivery: far below a turn, so that a slow collector is no reason for another
process to begin as well."""


class EventCollector:
    """The outlet that posts each batch, as JSON lines, to an address; 2xx says that the batch is kept.

    https, with the certificate checked; plain http is for this machine (the settings see to it). Nothing is
    followed: a redirect is a failure like any other, and what failed is sent again.
    """

    def __init__(self, url: str, *, token: Secret | None, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._token = token
        is_plain = parts.scheme == "http"
        self._context = None if is_plain else context or ssl.create_default_context()

    def last_line(self) -> bytes | None:
        """Give none: a collector is not asked what it has."""
        return None

    def write(self, lines: bytes) -> None:
        """Post the lines, and wait for the word that they are kept. Raises `OSError`."""
        headers = {"Content-Type": "application/x-ndjson"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal().decode('ascii')}"
        connection = self._connection()
        try:
            connection.request("POST", self._target, lines, headers)
            status = connection.getresponse().status
        except http.client.HTTPException as error:
            raise OSError(f"the collector does not speak HTTP: {type(error).__name__}") from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise OSError(f"the collector answers {status}")

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE)
        return http.client.HTTPSConnection(self._host, self._port, timeout=PATIENCE, context=self._context)
