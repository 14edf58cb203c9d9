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

    def forget(self, now: float) -> bool:
        """Drop what is past its end; says whether anything was."""
        dropped = [table.forget(now) for table in self.tables.values()]
        if self.all_below and self.all_end <= now:
            self.all_below = 0
            return True
        return any(dropped)

    def load_all(self, other: _Entries) -> None:
        """Take in what another moment knew, before anybody reads."""
        for selects, table in self.tables.items():
            table.load_all(other.tables[selects])
        self.all_below = max(self.all_below, other.all_below)
        self.all_end = max(self.all_end, other.all_end)

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
        self.is_torn = False
        """Whether a page was never taken in to its end: in a child that was forked in the middle of one."""
        self.reached: Cursor | None = None
        """The place of the last page; ahead of `cursor` in the middle of a full answer."""
        self._leeway = leeway
        self._entries = _Entries()
        self._incoming: _Entries | None = None
        self._newest = 0
        """When the newest page was true, by the issuer's clock; milliseconds."""
        self._forgot_at = float("-inf")

    def take(self, page: Page) -> bool:
        """Take in a verified page; says whether anything changed. Raises `OutOfOrder`.

        A full answer replaces what was known, but only when its last page is there: until then the old
        entries count.
        """
        if page.after is not None and (
            self.reached is None or (page.log, page.after) != (self.reached.log, self.reached.seq)
        ):
            raise OutOfOrder
        self.is_torn = True
        if page.after is None:
            self._incoming = _Entries()
        changed = self._take_entries(page)
        self.reached = page.cursor
        if not page.more:
            self.cursor = page.cursor
            self._newest = max(self._newest, page.true_at)
        self.is_torn = False
        return changed

    def start_over(self) -> None:
        """Ask for the full answer next; what is known counts until that is there."""
        self.cursor = self.reached = self._incoming = None
        self.is_torn = False

    def forget(self, now: float) -> None:
        """Drop the entries that no token can match any more."""
        if self._entries.forget(now):
            self._forgot_at = now

    def forgot_too_much(self, now: float) -> bool:
        """Say whether entries were dropped that are needed again, since the clock was set back."""
        # What the clocks may differ by, an entry outlasts its tokens anyway.
        return now < self._forgot_at - self._leeway

    def lose(self) -> None:
        """Know nothing, until the next full answer is there."""
        self.start_over()
        self._forgot_at = self.age.heard_at = float("-inf")

    def __len__(self) -> int:
        return len(self._entries)

    def verdict(self, principal: Principal) -> Verdict | None:
        """Say why a Principal no longer holds, the strictest reason first; None when it does.

        Every entry counts by itself: of two cut-offs at different levels neither takes back the other.
        """
        claims = principal.claims
        # What is ordered about tokens ends no session: a session id was never signed or issued to a client.
        issued = claims.get("iat") if principal.mode == "token" else None
        jti, client_id = claims.get("jti"), claims.get("client_id")
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
        return any(
            _selects(entries.tables[Selects.KID], kid, _UNCOUNTED)
            for entries in (self._entries, self._incoming)
            if entries is not None
        )

    def _take_entries(self, page: Page) -> bool:
        if self._incoming is None:
            self._newest = max(self._newest, page.true_at)  # before its end too: what it says is known
            for one in page.selectors:
                self._entries.add(one)
            if page.selectors:
                self.changes += 1
            return bool(page.selectors)
        for one in page.selectors:
            self._incoming.load(one)
        if page.more:
            return False
        if page.true_at < self._newest:
            # An old answer, from a cache or replayed by a relay: it takes back nothing that came after it.
            self._incoming.load_all(self._entries)
        self._entries, self._incoming = self._incoming, None
        self.changes += 1
        return True


def _selects(table: MarkTable, text: str, number: int) -> bool:
    bound = table.bound(mark_of(text))
    return bound is not None and number < bound
