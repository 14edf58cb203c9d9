"""Session mode: Auth is asked about each pass, one request a check."""

from __future__ import annotations

import asyncio
import logging
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from gatepass.oauth import Introspection, IntrospectionInvalid, is_session_pass
from gatepass.verifier.errors import Unauthenticated, Unavailable
from gatepass.verifier.fetch import FetchFailed, HttpFetch, require_http_client
from gatepass.verifier.freshness import DEFAULT
from gatepass.verifier.issuer import Issuer
from gatepass.verifier.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.errors import Refused
    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.freshness import Freshness

log: Final = logging.getLogger("gatepass.verifier")

RETRY_AFTER: Final = 2  # seconds: Auth starts in less than one


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


class SessionVerifier:
    """Checks session ids by asking Auth's `session_check_endpoint`, over a pool of connections.

    Auth hears the pass, and nothing else of the request. When Auth cannot be asked, that is `Unavailable`: a
    user whose session holds is never told to log in because of an outage.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        timeout: float = 5,
        clock: Callable[[], float] = time.time,
        make_fetch: Callable[[], Fetch] | None = None,
    ) -> None:
        self.audience = audience
        self._issuer = Issuer(issuer, algorithms=frozenset())
        self.clock = clock
        if make_fetch is None:
            require_http_client()
        self._make_fetch = make_fetch or (lambda: HttpFetch(timeout=timeout))
        # A connection belongs to the event loop that opened it.
        self._clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Client] = (
            weakref.WeakKeyDictionary()
        )

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:  # noqa: ARG002
        """Ask Auth whether the session holds, and whose it is. Raises `Unauthenticated`, `Unavailable`."""
        if not is_session_pass(pass_text):
            raise _refused("not_a_session")  # nobody's work but ours
        client = self._client()
        try:
            endpoint = await self._endpoint(client)
            body = await client.fetch.ask(endpoint, pass_text=pass_text)
            introspection = Introspection.from_json(body)
        except (FetchFailed, IntrospectionInvalid) as error:
            raise self._unavailable(error.code) from error
        if introspection is None:
            raise _refused("inactive")
        self._check_facts(introspection)
        return Principal.of_session(introspection)

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Do the same in a thread that may wait. Raises `Unauthenticated`, `Unavailable`."""
        return asyncio.run(self.check(pass_text, freshness=freshness))

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:  # noqa: ARG002
        """Wait until a Principal that was checked no longer holds, and say why."""
        await asyncio.sleep(max(0.0, principal.expires_at - self.clock()))
        return _refused("expired")

    async def ready(self, within: float = 5) -> None:
        """Learn where to ask; for start-up. Raises `Unavailable` when that is not known after `within` s."""
        try:
            async with asyncio.timeout(within):
                await self._endpoint(self._client())
        except TimeoutError:
            raise self._unavailable("timed_out") from None
        except FetchFailed as error:
            raise self._unavailable(error.code) from error

    async def close(self) -> None:
        """Close the connections of the running loop; a later check would open new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.fetch.close()

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
        if metadata.session_check_endpoint is None:
            raise FetchFailed("no_session_check_endpoint")
        return metadata.session_check_endpoint

    def _check_facts(self, introspection: Introspection) -> None:
        """Hold the answer to what a token is held to: issuer, audience, time."""
        audiences = (introspection.aud,) if isinstance(introspection.aud, str) else introspection.aud
        if introspection.iss != self._issuer.identifier:
            raise _refused("wrong_issuer")
        if self.audience not in audiences:
            raise _refused("wrong_audience")
        if self.clock() >= introspection.exp:
            raise _refused("expired")

    def _unavailable(self, reason: str) -> Unavailable:
        if reason in _MOVED:
            self._issuer.forget()
        log.warning("cannot ask %s about sessions: %s", self._issuer.identifier, reason)
        return Unavailable(reason, retry_after=RETRY_AFTER)


def _refused(reason: str) -> Unauthenticated:
    log.info("session refused: code=%s", reason)
    return Unauthenticated(reason)
