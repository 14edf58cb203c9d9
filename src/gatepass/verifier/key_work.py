"""Keeps the keys of one issuer current: the driver of `keyset`, which decides."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from gatepass.verifier.fetch import FetchFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.fetch import Fetch
    from gatepass.verifier.issuer import Issuer
    from gatepass.verifier.keyset import TrustedKeys
    from gatepass.verifier.shelf import Shelf

log: Final = logging.getLogger("gatepass.verifier")


class KeyWork:
    """Keeps the keys of one issuer current."""

    def __init__(
        self,
        issuer: Issuer,
        trust: TrustedKeys,
        *,
        shelf: Shelf | None,
        clock: Callable[[], float],
        fetched: Callable[[], None],
    ) -> None:
        self._issuer = issuer
        self._trust = trust
        self._shelf = self._warm = shelf
        self._clock = clock
        self._fetched = fetched

    async def turn(self, fetch: Fetch) -> float:
        """Fetch the keys when that is due, and say how many seconds to wait for the next turn."""
        self._warm_start()
        if self._trust.wait(now=self._clock()) == 0:
            await self._refresh(fetch)
        return self._trust.wait(now=self._clock())

    def woken(self) -> None:
        """Take note that somebody showed an unknown kid."""
        self._trust.fetch_early(now=self._clock())

    async def _refresh(self, fetch: Fetch) -> None:
        try:
            keys, document = await self._issuer.keys(fetch)
        except FetchFailed as error:
            self._failed(error.code)
        except Exception:
            # Whatever was overlooked must not end the following: old keys stay, and the next turn tries
            # again.
            self._failed("unexpected")
            log.exception("the follower met an error it does not know")
        else:
            now = self._clock()
            self._trust.fetched(keys, max_age=document.max_age, now=now)
            if self._shelf is not None:
                self._shelf.keep_keys(document.body, fetched_at=now)
            self._fetched()
            log.debug("keys of %s fetched: %d usable", self._issuer.identifier, len(keys))

    def _warm_start(self) -> None:
        """Take over the keys that an earlier process left, as old as they are; once."""
        shelf, self._warm = self._warm, None
        kept = None if shelf is None else shelf.keys()
        if kept is not None and self._trust.view is None:
            keys, fetched_at = kept
            usable = self._issuer.usable(keys)
            if len(usable):
                self._trust.resume(usable, fetched_at=min(fetched_at, self._clock()))
                self._fetched()

    def _failed(self, code: str) -> None:
        self._issuer.forget()
        self._trust.failed(now=self._clock())
        log.warning("keys of %s not fetched: %s", self._issuer.identifier, code)
