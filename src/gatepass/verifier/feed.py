"""Follows the revocation feed: the full answer, then the stream, then again with more patience.

Where a network breaks streams, the feed is asked for in long polls instead.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gatepass.jose import JoseError, KeyNotFound, jwt
from gatepass.oauth import OAuthError, Page, Selects, revocations_policy
from gatepass.verifier.fetch import FetchFailed
from gatepass.verifier.revocations import OutOfOrder

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gatepass.jose import KeySet
    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.issuer import Issuer
    from gatepass.verifier.keyset import TrustedKeys
    from gatepass.verifier.revocations import Revocations
    from gatepass.verifier.shelf import LastHeard, Shelf

log: Final = logging.getLogger("gatepass.verifier")

PAGES: Final = 4_000
"""Pages of one full answer at most: 16 million entries, more than any memory here is meant for."""

FORGET_EVERY: Final = 60.0
"""Seconds between two looks for entries that nobody needs any more."""

POLL_PAUSE: Final = 2.0
"""Seconds until the next poll, where one brought nothing and was not held back either: so Auth answers when
too many wait, and a relay that knows nothing of `wait`."""

_IN_WORDS: Final = {
    "no_revocations_endpoint": "it publishes none. Is that wanted, make the verifier with feed=None: then "
    "nobody can be kicked out before a token expires",
    "page_key_not_found": "the page names a key that the verifier does not have. An algorithm other than "
    "the default ones must be named in algorithms=",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedTerms:
    """How the feed is followed; all in seconds."""

    silence: float = 12
    """A stream that says nothing for so long is dead: Auth says something every five seconds."""
    poll: float = 20
    """How long Auth may hold back the answer to a long poll."""
    polling: float = 60
    """After a stream that broke before it said anything, polls for so long before it is tried again."""
    first_retry: float = 0.25
    longest_retry: float = 10

    def __post_init__(self) -> None:
        if min(self.silence, self.poll, self.polling, self.first_retry) <= 0 or self.poll > 30:
            raise ValueError("all must be above 0, and poll at most 30")
        if self.first_retry > self.longest_retry:
            raise ValueError("first_retry ≤ longest_retry must hold")


class FeedState(StrEnum):
    """What the follower is doing about the feed."""

    WAITING_FOR_KEYS = "waiting_for_keys"
    CATCHING_UP = "catching_up"
    STREAMING = "streaming"
    POLLING = "polling"
    RETRYING = "retrying"


class FeedWork:
    """Keeps the view of one issuer's feed current."""

    def __init__(
        self,
        issuer: Issuer,
        keys: TrustedKeys,
        revocations: Revocations,
        *,
        algorithms: frozenset[str],
        leeway: int,
        terms: FeedTerms,
        shelf: Shelf | None,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
        jitter: Callable[[], float],
        changed: Callable[[], None],
        unknown_kid: Callable[[], None],
    ) -> None:
        self.state = FeedState.WAITING_FOR_KEYS
        self._issuer = issuer
        self._keys = keys
        self._revocations = revocations
        self._policy = revocations_policy(issuer=issuer.identifier, algorithms=algorithms, leeway=leeway)
        self._terms = terms
        self._shelf = self._warm = shelf
        self._clock = clock
        self._monotonic = monotonic
        self._jitter = jitter
        self._changed = changed
        self._unknown_kid = unknown_kid
        self._failures = 0
        self._poll_until = float("-inf")
        self._forget_at = float("-inf")

    async def turn(self, fetch: Fetch) -> float:
        """Read and follow until something breaks, and say how many seconds to wait before the next try."""
        try:
            return await self._turn(fetch)
        except FetchFailed as error:
            return self._failed(error.code)
        except (JoseError, OAuthError) as error:
            return self._failed(f"page_{error.code}")
        except OutOfOrder:
            self._revocations.start_over()  # something between the pages is missing
            return self._failed("out_of_order")
        except Exception:
            # Whatever was overlooked must not end the following: the view stays and gets older.
            log.exception("the follower met an error it does not know")
            self._revocations.start_over()
            return self._failed("unexpected")

    def woken(self) -> None:
        """The keys are there: the wait is over."""

    # Following

    async def _turn(self, fetch: Fetch) -> float:
        if self._revocations.is_torn:
            self._revocations.start_over()  # this process was forked in the middle of a page
        self._look_at_clocks()
        view = self._keys.view
        if view is None:
            self.state = FeedState.WAITING_FOR_KEYS
            return self._terms.longest_retry  # whoever brings the keys wakes us
        self._warm_start(view.keys)
        return await self._follow(fetch)

    async def _follow(self, fetch: Fetch) -> float:
        metadata = await self._issuer.metadata(fetch)
        if metadata.revocations_endpoint is None:
            raise FetchFailed("no_revocations_endpoint")
        if self._shelf_wants_full_answer():
            self._revocations.start_over()
        await self._catch_up(fetch, metadata.revocations_endpoint)
        stream = metadata.revocations_stream_endpoint
        if stream is None or self._monotonic() < self._poll_until:
            return await self._poll(fetch, metadata.revocations_endpoint)
        return await self._stream(fetch, stream)

    async def _catch_up(self, fetch: Fetch, endpoint: str) -> None:
        """Read page by page until there is no more."""
        self.state = FeedState.CATCHING_UP
        for _ in range(PAGES):
            after = self._revocations.reached
            page = await self._page(fetch, _url(endpoint, {"after": str(after)} if after else {}))
            if not page.more:
                return
        self._revocations.start_over()  # what came of it is not kept
        raise FetchFailed("endless_feed")

    async def _poll(self, fetch: Fetch, endpoint: str) -> float:
        self.state = FeedState.POLLING
        query = {"after": str(self._revocations.reached), "wait": f"{self._terms.poll:g}"}
        asked = self._monotonic()
        page = await self._page(fetch, _url(endpoint, query), patience=self._terms.poll)
        self._failures = 0
        held_back = self._monotonic() - asked >= min(POLL_PAUSE, self._terms.poll / 2)
        return 0 if page.selectors or held_back else POLL_PAUSE

    async def _stream(self, fetch: Fetch, endpoint: str) -> float:
        heard = False
        url = _url(endpoint, {"after": str(self._revocations.reached)})
        try:
            async with aclosing(fetch.events(url, silence=self._terms.silence)) as events:
                while (data := await self._next(events)) is not None:
                    self._take(data)
                    self.state = FeedState.STREAMING
                    self._failures, heard = 0, True
                    if self._shelf_wants_full_answer():
                        return 0
        except FetchFailed:
            if not heard:
                self._poll_until = self._monotonic() + self._terms.polling
            raise
        raise FetchFailed("stream_ended")

    async def _next(self, events: AsyncGenerator[str, None]) -> str | None:
        """Wait for a whole event: bytes that trickle in, and comments, are silence too."""
        try:
            async with asyncio.timeout(self._terms.silence):
                return await anext(events, None)
        except TimeoutError:
            raise FetchFailed("silent") from None

    async def _page(self, fetch: Fetch, url: str, *, patience: float = 0) -> Page:
        document = await fetch.get(url, patience=patience)
        try:
            text = document.body.decode("ascii")
        except UnicodeDecodeError:
            raise FetchFailed("page_malformed") from None
        return self._take(text)

    # Pages

    def _take(self, text: str) -> Page:
        """Verify a page and take it in. Raises `JoseError`, `OAuthError`, `OutOfOrder`, `FetchFailed`."""
        self._look_at_clocks()
        view = self._keys.view
        if view is None:
            raise FetchFailed("no_keys")
        page = self._verified(view.keys, text)
        changed = self._revocations.take(page)
        if not page.more:
            self._revocations.age.heard(page.true_at / 1000, now=self._clock())
        if self._shelf is not None:
            self._shelf.keep_page(text, page, heard_at=self._revocations.age.heard_at, now=self._clock())
        if changed:
            self._changed()
        if any(one.selects is Selects.KID for one in page.selectors):
            self._unknown_kid()  # a key is gone, so another signs: be there before its first token
        return page

    def _verified(self, keys: KeySet, text: str) -> Page:
        try:
            verified = jwt.verify(text, keys, self._policy, now=self._clock())
        except KeyNotFound:
            self._unknown_kid()
            raise
        # A stolen key must not sign that nothing was revoked.
        if verified.kid is not None and self._revocations.revoked_key(verified.kid):
            self._unknown_kid()
            raise FetchFailed("page_of_revoked_key")
        return Page.from_claims(verified.claims)

    def _warm_start(self, keys: KeySet) -> None:
        """Take over the view that an earlier process left, as far as its signatures hold; once."""
        shelf, self._warm = self._warm, None
        if shelf is None:
            return
        try:
            for text in shelf.pages():
                self._revocations.take(self._verified(keys, text))
            self._resume(shelf.last_heard(), keys)
        except (JoseError, OAuthError, OutOfOrder, FetchFailed) as error:
            log.warning("the view on disk is not used: %s", getattr(error, "code", "out_of_order"))
            self._revocations.start_over()

    def _resume(self, heard: LastHeard | None, keys: KeySet) -> None:
        """Go on from when the view on disk was last true, if it is all there."""
        if heard is not None and self._revocations.cursor is not None:
            page = self._verified(keys, heard.page)
            if page.cursor == self._revocations.cursor:
                self._revocations.age.resume(heard.at, true_at=page.true_at / 1000, now=self._clock())
                self._changed()

    # What goes wrong

    def _failed(self, code: str) -> float:
        """Keep the view, which gets older, and try again after a while that doubles with each failure."""
        self.state = FeedState.RETRYING
        terms = self._terms
        wait = min(terms.first_retry * (1 << min(self._failures, 16)), terms.longest_retry)
        self._failures += 1
        # Only what says that the address is wrong makes us read the metadata again, not every outage.
        if code.startswith(("status_4", "redirected", "no_")):
            self._issuer.forget()
        words = f" ({_IN_WORDS[code]})" if code in _IN_WORDS else ""
        log.warning("feed of %s broke off: %s%s", self._issuer.identifier, code, words)
        return wait * (0.5 + 0.5 * self._jitter())

    def _shelf_wants_full_answer(self) -> bool:
        return self._shelf is not None and self._shelf.wants_full_answer(now=self._clock())

    def _look_at_clocks(self) -> None:
        now = self._clock()
        self._revocations.age.watch(now=now, monotonic=self._monotonic())
        if self._revocations.forgot_too_much(now):
            log.warning("the clock was set back behind what was forgotten: the feed is read anew")
            self._revocations.lose()
        if not self._forget_at - 2 * FORGET_EVERY < now < self._forget_at:
            self._forget_at = now + FORGET_EVERY
            self._revocations.forget(now)


def _url(endpoint: str, query: dict[str, str]) -> str:
    if not query:
        return endpoint
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"
