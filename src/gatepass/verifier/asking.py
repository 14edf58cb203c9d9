"""Asks Auth about a pass, over a pool of connections of each event loop."""

from __future__ import annotations

import asyncio
import logging
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from gatepass.verifier.fetch import FetchFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.issuer import Issuer

log: Final = logging.getLogger("gatepass.verifier")

WARN_EVERY: Final = 10.0
"""Seconds between two warnings that Auth cannot be asked. In an outage each request meets it: a warning for
each would fill the disk."""

# After one of these the endpoint may be elsewhere, and the metadata is read again. Not after an outage: each
# check would cost Auth a second request, just when it comes back.
_MOVED: Final = frozenset({"status_404", "status_410", "redirected"})


@dataclass(slots=True)
class _Client:
    """The pool of connections of one event loop."""

    fetch: Fetch
    discovering: asyncio.Lock = field(default_factory=asyncio.Lock)
    failures: int = 0
    """How often the metadata could not be read."""


class Asking:
    """Questions to one issuer. Auth hears the pass, and nothing else of the request."""

    def __init__(
        self,
        issuer: Issuer,
        *,
        endpoint: Literal["session_check_endpoint", "token_check_endpoint"],
        make_fetch: Callable[[], Fetch],
    ) -> None:
        self._issuer = issuer
        self._name = endpoint
        self._make_fetch = make_fetch
        self._warned_at = float("-inf")
        # A connection belongs to the event loop that opened it.
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Client] = (
            weakref.WeakKeyDictionary()
        )

    async def ask(self, pass_text: str) -> bytes:
        """Ask about a pass. Raises `FetchFailed`."""
        client = self._client()
        try:
            return await client.fetch.ask(await self._endpoint(client), pass_text=pass_text)
        except FetchFailed as error:
            if error.code in _MOVED:
                self._issuer.forget()
            raise

    async def ready(self) -> None:
        """Learn where to ask. Raises `FetchFailed`."""
        await self._endpoint(self._client())

    async def close(self) -> None:
        """Close the connections of the running loop; a later question would open new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.fetch.close()

    def failed(self, reason: str, *, now: float) -> None:
        """Say in the log that Auth could not be asked: at the level of info each time, and to be noticed now
        and then."""
        told = self._warned_at <= now < self._warned_at + WARN_EVERY
        if not told:
            self._warned_at = now
        level = logging.INFO if told else logging.WARNING
        log.log(level, "cannot ask %s about a pass: %s", self._issuer.identifier, reason)

    def _client(self) -> _Client:
        loop = asyncio.get_running_loop()
        client = self._clients.get(loop)
        if client is None:
            client = self._clients[loop] = _Client(self._make_fetch())
        return client

    async def _endpoint(self, client: _Client) -> str:
        failures = client.failures
        async with client.discovering:  # four requests at once read the metadata once
            if client.failures != failures:
                # Who was before us tried in vain just now. To try one after the other would make a crowd
                # wait for as many timeouts as there are people in it.
                raise FetchFailed("metadata_not_read")
            try:
                metadata = await self._issuer.metadata(client.fetch)
            except FetchFailed:
                client.failures += 1
                raise
        endpoint: str | None = getattr(metadata, self._name)
        if endpoint is None:
            raise FetchFailed(f"no_{self._name}")
        return endpoint
