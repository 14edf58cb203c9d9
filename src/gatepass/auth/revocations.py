"""The revocation feed at Auth: which passes no longer hold, each entry written in the commit that ends them.

An entry is kept until the last token that it can match has expired; so the feed holds an hour, not years.
"""

from __future__ import annotations

from typing import Final

import msgspec

from gatepass.auth.terms import LONGEST_LIFETIME
from gatepass.oauth import Selector, Selects, mark_of

SLACK: Final = 60
"""Seconds that an entry is kept longer: the clocks of two machines differ."""


# No garbage collector, for all three kinds of entry (`Selector` is one): they hold nothing that could lead
# back to them, and looking through the thousands of a page took it as long as reading them.
class Revocation(msgspec.Struct, frozen=True, gc=False):
    """What no longer holds."""

    selects: Selects
    value: str
    """The text that is compared; empty for `Selects.ALL`."""
    below: int
    """See `Selector.below`."""
    forget_after: int
    user_id: str | None = None
    """Whose session or tokens these are, where they are one user's."""

    @property
    def selector(self) -> Selector:
        """The entry as it travels."""
        mark = 0 if self.selects is Selects.ALL else mark_of(self.value)
        return Selector(self.selects, mark, self.below, self.forget_after)


class RecordedRevocation(msgspec.Struct, frozen=True, gc=False):
    """An entry with its place in the feed; the first has 1."""

    seq: int
    revocation: Revocation


class Feed(msgspec.Struct, frozen=True):
    """A piece of the feed."""

    log: str
    """Names the feed; drawn at random when the database was made."""
    floor: int
    """Up to here every entry is forgotten, 0 at first: who has read less far is given the feed from its
    beginning."""
    head: int
    """The last place that was given to an entry; 0 at first."""
    entries: list[RecordedRevocation]


def session_ended(sid: str, user_id: str, *, now: float) -> Revocation:
    """Revoke the tokens of one session."""
    return Revocation(Selects.SID, sid, 0, forget_after(now), user_id)


def user_revoked(user_id: str, below: int, *, now: float) -> Revocation:
    """Revoke a user's tokens of an epoch below the user's new cut-off."""
    return Revocation(Selects.SUB, user_id, below, forget_after(now), user_id)


def user_changed(user_id: str, epoch: int, *, now: float) -> Revocation:
    """Make a user's tokens of an epoch below the new one stale: they are renewed, nobody is logged out."""
    return Revocation(Selects.CHANGED, user_id, epoch, forget_after(now), user_id)


def forget_after(now: float) -> int:
    """Say until when an entry of now is kept: every token that exists now has expired by then.

    In whole minutes: entries with the same end share a group on a page.
    """
    return -int(-(now + LONGEST_LIFETIME + SLACK) // 60) * 60
