"""A follower of the revocation feed, in as few words as the rules have: what it would say of a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatepass.oauth import Page, Selector, Selects, mark_of

if TYPE_CHECKING:
    from gatepass.auth import Store
    from gatepass.oauth import AccessToken

PAGE = 3  # entries; small, so that every look is a chain of pages


@dataclass
class Reader:
    """Reads the feed by cursor, keeps every entry it read, and lets the strictest of all count."""

    log: str = ""
    seq: int = 0
    selectors: list[Selector] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    async def read(self, store: Store) -> None:
        """Read to the end."""
        while True:
            feed = await store.revocations_after(self.seq, PAGE)
            if feed.log != self.log or not feed.floor <= self.seq <= feed.head:
                self.log, self.seq, self.selectors, self.places = feed.log, feed.floor, [], []
                feed = await store.revocations_after(self.seq, PAGE)
            self.places += [entry.seq for entry in feed.entries]
            self.selectors += [entry.revocation.selector for entry in feed.entries]
            self.seq = feed.entries[-1].seq if len(feed.entries) == PAGE else feed.head
            if self.seq == feed.head:
                return

    def take(self, page: Page) -> None:
        """Take one page as it came over the wire."""
        if page.after is None:
            self.log, self.seq, self.selectors = page.log, 0, []
        else:
            assert (page.log, page.after) == (self.log, self.seq)
        self.seq = page.seq
        self.selectors += page.selectors

    def verdict(self, token: AccessToken, *, kid: str = "") -> str:
        """Say `revoked`, `stale` or `holds`."""
        found = {one.selects for one in self.selectors if _matches(one, token, kid)}
        if found - {Selects.CHANGED}:
            return "revoked"
        return "stale" if found else "holds"


def _matches(one: Selector, token: AccessToken, kid: str) -> bool:
    texts = {
        Selects.SID: token.sid,
        Selects.JTI: token.jti,
        Selects.SUB: token.sub,
        Selects.CHANGED: token.sub,
        Selects.CLIENT_ID: token.client_id,
        Selects.KID: kid,
    }
    if one.selects is not Selects.ALL and one.mark != mark_of(texts[one.selects]):
        return False
    if one.selects in {Selects.SUB, Selects.CHANGED}:
        return token.epoch < one.below
    if one.selects in {Selects.CLIENT_ID, Selects.ALL}:
        return token.iat < one.below
    return True
