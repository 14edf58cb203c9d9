"""The HTTP client: the only place that opens a connection, and the only one that imports aiohttp.

What it asks are addresses from documents, so it is strict: https (http on loopback only), no redirects, a cap
on size, a limit on time, no proxies from the environment, no cookies, no decompression.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gatepass.oauth import UrlRefused, web_url

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator

    import aiohttp

# A JWKS of 100 RSA-4096 keys has 80 kB. More than this is a mistake or an attack on our memory.
MAX_DOCUMENT: Final = 256 * 1024
# An introspection answer has 1 kB; long lists of permissions make it 10.
MAX_ANSWER: Final = 64 * 1024

_MAX_AGE: Final = re.compile(r"max-age=([0-9]{1,9})")


class FetchFailed(Exception):
    """A document that could not be had; `code` says why, without a word of what the other side sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _ConnectionLost(FetchFailed):
    """The connection broke before an answer came."""


@dataclass(frozen=True, slots=True)
class Document:
    """What was fetched, and for how many seconds the server calls it fresh (None: it does not say)."""

    body: bytes
    max_age: float | None = None


def require_http_client() -> None:
    """Raise `ImportError` where the client is not installed: at start, not in a background thread."""
    if importlib.util.find_spec("aiohttp") is None:
        raise ImportError("checking passes needs an HTTP client: pip install 'gatepass[verifier]'")


class Fetch(Protocol):
    """Fetches documents; a fake one stands in for the network in tests."""

    async def get(self, url: str, *, patience: float = 0) -> Document:
        """Fetch a document; who answers may take `patience` seconds longer. Raises `FetchFailed`."""
        ...

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        """Ask Auth about a pass. Raises `FetchFailed`."""
        ...

    def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        """Follow a stream of server-sent events, and give the data of each.

        Raises `FetchFailed` when it ends, breaks, or says nothing for `silence` seconds.
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class HttpFetch:
    """`Fetch` over HTTP, with a pool of connections; belongs to the event loop that it was made on."""

    def __init__(self, *, timeout: float = 5, connections: int = 100) -> None:
        import aiohttp

        self._aiohttp = aiohttp
        self._timeout = timeout
        # The whole exchange is limited, so a server that sends a byte a second cannot hold us.
        self._limits = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
        )

    async def get(self, url: str, *, patience: float = 0) -> Document:
        """Fetch a document of at most `MAX_DOCUMENT` bytes. Raises `FetchFailed`."""
        limits = self._aiohttp.ClientTimeout(total=self._timeout + patience, connect=self._timeout / 2)
        async with self._exchange("GET", url, limits=limits) as response:
            body = await _read(response, limit=MAX_DOCUMENT)
            return Document(body, _max_age(response.headers.get("Cache-Control", "")))

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        """Ask Auth about a pass; it is told the pass and nothing else. Raises `FetchFailed`."""
        headers = {"Authorization": f"Bearer {pass_text}"}
        try:
            return await self._post(url, headers)
        except _ConnectionLost:
            # Auth closed a pooled connection just as it was taken. A check changes nothing: ask once more.
            return await self._post(url, headers)

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        """Follow a stream of server-sent events, and give the data of each. Raises `FetchFailed`."""
        limits = self._aiohttp.ClientTimeout(total=None, sock_connect=self._timeout, sock_read=silence)
        headers = {"Accept": "text/event-stream"}
        async with self._exchange("GET", url, headers, limits=limits) as response:
            events = EventLines(limit=MAX_DOCUMENT)
            async for chunk in response.content.iter_any():
                for data in events.feed(chunk):
                    yield data
        raise FetchFailed("stream_ended")

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _post(self, url: str, headers: dict[str, str]) -> bytes:
        async with self._exchange("POST", url, headers) as response:
            return await _read(response, limit=MAX_ANSWER)

    @contextlib.asynccontextmanager
    async def _exchange(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        *,
        limits: aiohttp.ClientTimeout | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session.closed:
            raise FetchFailed("closed")  # the service ends: 503, no traceback
        try:
            web_url(url)
            async with self._session.request(
                method, url, headers=headers, allow_redirects=False, timeout=limits or self._limits
            ) as response:
                if 300 <= response.status < 400:
                    # Who answers is settled by the address, not by the answer.
                    raise FetchFailed("redirected")
                if response.status != 200:
                    raise FetchFailed(f"status_{response.status}")
                yield response
        except UrlRefused as error:
            raise FetchFailed(error.code) from error
        except TimeoutError as error:
            raise FetchFailed("timed_out") from error
        except (self._aiohttp.ServerDisconnectedError, ConnectionResetError) as error:
            raise _ConnectionLost("unreachable") from error
        except (self._aiohttp.ClientError, OSError, ValueError) as error:
            raise FetchFailed("unreachable") from error


class EventLines:
    """Takes a stream of server-sent events apart (HTML Living Standard §9.2.6); only `data` is of interest.

    An event of more than `limit` bytes is refused before the rest of it is read.
    """

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._data: list[bytes] = []
        self._held = 0

    def feed(self, chunk: bytes) -> Iterator[str]:
        """Take what arrived, and give the data of each event that is whole now. Raises `FetchFailed`."""
        *lines, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n")
        for line in lines:
            if not line and self._data:
                data, self._data, self._held = b"\n".join(self._data), [], 0
                yield data.decode("utf-8", "replace")
            elif line.startswith(b"data:"):
                self._data.append(line[5:].removeprefix(b" "))
                self._held += len(line)
        if self._held + len(self._rest) > self._limit:
            raise FetchFailed("too_large")


async def _read(response: aiohttp.ClientResponse, *, limit: int) -> bytes:
    """Read the body, and stop at the limit: what comes after it is never held in memory."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise FetchFailed("too_large")
    return bytes(body)


def _max_age(cache_control: str) -> float | None:
    """Read `max-age` (RFC 9111 §5.2.2.1); `no-store` and `no-cache` count as 0."""
    directives = [directive.strip(" \t").lower() for directive in cache_control.split(",")]
    if "no-store" in directives or "no-cache" in directives:
        return 0
    ages = [match for directive in directives if (match := _MAX_AGE.fullmatch(directive))]
    return float(ages[0][1]) if ages else None
