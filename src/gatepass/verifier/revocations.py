"""What no longer holds, as far as this Service has heard, and how long ago that was true.

One thread (the follower's) takes pages in; any thread may ask. Nothing here waits or reads a clock.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from gatepass.oauth import Selects, mark_of
from gatepass.verifier.age import Age
from gatepass.verifier.marks import MarkTable

if TYPE_CHECKING:
    from gatepass.oauth import Cursor, Page, Selector
    from gatepass.verifier.principal import Principal

_UNCOUNTED: Final = -1
"""Below every bound: where nothing is counted, whatever is named is selected."""


class Verdict(StrEnum):
    """Why a pass that was good no longer is; the log's word for it."""

    REVOKED_SID = "revoked_sid"
    REVOKED_JTI = "revoked_jti"
    REVOKED_SUB = "revoked_sub"
    REVOKED_CLIENT_ID = "revoked_client_id"
    REVOKED_KID = "revoked_kid"
    REVOKED_ALL = "revoked_all"
    STALE = "token_stale"
    """Nothing is revoked: what the user may do has changed since."""


class _Entries:
    """The entries of one moment, a table for each kind of selector."""

    __slots__ = ("all_below", "all_end", "tables")

    def __init__(self) -> None:
        self.tables: dict[Selects, MarkTable] = {
            selects: MarkTable() for selects in Selects if selects is not Selects.ALL
        }
        self.all_below = 0
        self.all_end = 0

    def add(self, one: Selector) -> None:
        """Take in an entry while others read."""
        if one.selects is Selects.ALL:
            self._add_all(one)
        else:
            self.tables[one.selects].add(one.mark, bound=one.below, end=one.forget_after)

    def load(self, one: Selector) -> None:
        """Take in an entry before anybody reads."""
        if one.selects is Selects.ALL:
            self._add_all(one)
        else:
            self.tables[one.selects].load(one.mark, bound=one.below, end=one.forget_after)

    def forget(self, now: float) -> None:
        """Drop what is past its end."""
        for table in self.tables.values():
            table.forget(now)
        if self.all_end <= now:
            self.all_below = 0

    def _add_all(self, one: Selector) -> None:
        self.all_below = max(self.all_below, one.below)
        self.all_end = max(self.all_end, one.forget_after)

    def __len__(self) -> int:
        return sum(len(table) for table in self.tables.values()) + bool(self.all_below)


class OutOfOrder(Exception):
    """A page that does not follow what was read so far: something between them is missing."""


class Revocations:
    """The view of one issuer's feed."""

    def __init__(self, *, leeway: float) -> None:
        self.cursor: Cursor | None = None
        """Up to where the feed was read; None before the first full answer."""
        self.changes = 0
        """Counts up with each change, after it: who read it before looking has missed nothing since."""
        self.age = Age(leeway=leeway)
        self._entries = _Entries()
        self._incoming: _Entries | None = None
        self.reached: Cursor | None = None
        """The place of the last page; ahead of `cursor` in the middle of a full answer."""

    def take(self, page: Page) -> bool:
        """Take in a verified page; says whether anything changed. Raises `OutOfOrder`.

        A full answer replaces what was known, but only when its last page is there: until then the old
        entries count.
        """
        if page.after is None:
            self._incoming = _Entries()
        elif self.reached is None or (page.log, page.after) != (self.reached.log, self.reached.seq):
            raise OutOfOrder
        self.reached = page.cursor
        changed = self._take_entries(page)
        if not page.more:
            self.cursor = page.cursor
        return changed

    def start_over(self) -> None:
        """Ask for the full answer next; what is known counts until that is there."""
        self.cursor = self.reached = self._incoming = None

    def forget(self, now: float) -> None:
        """Drop the entries that no token can match any more."""
        self._entries.forget(now)

    def __len__(self) -> int:
        return len(self._entries)

    def verdict(self, principal: Principal) -> Verdict | None:
        """Say why a Principal no longer holds, the strictest reason first; None when it does.

        Every entry counts by itself: of two cut-offs at different levels neither takes back the other.
        """
        claims = principal.claims
        issued, jti, client_id = claims.get("iat"), claims.get("jti"), claims.get("client_id")
        entries = self._entries
        if type(issued) is int and issued < entries.all_below:
            return Verdict.REVOKED_ALL
        for selects, text, number, verdict in (
            (Selects.SID, principal.session, _UNCOUNTED, Verdict.REVOKED_SID),
            (Selects.SUB, principal.subject, principal.epoch, Verdict.REVOKED_SUB),
            (Selects.KID, principal.kid, _UNCOUNTED, Verdict.REVOKED_KID),
            (Selects.JTI, jti, _UNCOUNTED, Verdict.REVOKED_JTI),
            (Selects.CLIENT_ID, client_id, issued, Verdict.REVOKED_CLIENT_ID),
            (Selects.CHANGED, principal.subject, principal.epoch, Verdict.STALE),
        ):
            table = entries.tables[selects]
            if table and type(text) is str and type(number) is int and _selects(table, text, number):
                return verdict
        return None

    def revoked_key(self, kid: str) -> bool:
        """Say whether nothing that this key signed holds: pages of the feed are no exception."""
        return _selects(self._entries.tables[Selects.KID], kid, _UNCOUNTED)

    def _take_entries(self, page: Page) -> bool:
        if self._incoming is None:
            for one in page.selectors:
                self._entries.add(one)
            if page.selectors:
                self.changes += 1
            return bool(page.selectors)
        for one in page.selectors:
            self._incoming.load(one)
        if page.more:
            return False
        self._entries, self._incoming = self._incoming, None
        self.changes += 1
        return True


def _selects(table: MarkTable, text: str, number: int) -> bool:
    bound = table.bound(mark_of(text))
    return bound is not None and number < bound
