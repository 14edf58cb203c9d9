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
    from collections.abc import AsyncIterator

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

    async def get(self, url: str) -> Document:
        """Fetch a document. Raises `FetchFailed`."""
        ...

    async def ask(self, url: str, *, session_pass: str) -> bytes:
        """Ask Auth about a session. Raises `FetchFailed`."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class HttpFetch:
    """`Fetch` over HTTP, with a pool of connections; belongs to the event loop that it was made on."""

    def __init__(self, *, timeout: float = 5, connections: int = 100) -> None:
        import aiohttp

        self._aiohttp = aiohttp
        self._session = aiohttp.ClientSession(
            # The whole exchange is limited, so a server that sends a byte a second cannot hold us.
            timeout=aiohttp.ClientTimeout(total=timeout, connect=timeout / 2),
            connector=aiohttp.TCPConnector(limit=connections),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
        )

    async def get(self, url: str) -> Document:
        """Fetch a document of at most `MAX_DOCUMENT` bytes. Raises `FetchFailed`."""
        async with self._exchange("GET", url) as response:
            body = await _read(response, limit=MAX_DOCUMENT)
            return Document(body, _max_age(response.headers.get("Cache-Control", "")))

    async def ask(self, url: str, *, session_pass: str) -> bytes:
        """Ask Auth about a session; it is told the pass and nothing else. Raises `FetchFailed`."""
        headers = {"Authorization": f"Bearer {session_pass}"}
        try:
            return await self._post(url, headers)
        except _ConnectionLost:
            # Auth closed a pooled connection just as it was taken. A check changes nothing: ask once more.
            return await self._post(url, headers)

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _post(self, url: str, headers: dict[str, str]) -> bytes:
        async with self._exchange("POST", url, headers) as response:
            return await _read(response, limit=MAX_ANSWER)

    @contextlib.asynccontextmanager
    async def _exchange(
        self, method: str, url: str, headers: dict[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        try:
            web_url(url)
            async with self._session.request(method, url, headers=headers, allow_redirects=False) as response:
                if 300 <= response.status < 400:
                    raise FetchFailed(
                        "redirected"
                    )  # who answers is settled by the address, not by the answer
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
