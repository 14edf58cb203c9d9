"""One-time links: sent to a mailbox, good for one purpose, one time, a few minutes.

The secret of a link is 256 random bits and is never stored, only its hash. A user has one link of a purpose
at most: a new one takes the place of the old. A link carries the epoch of its user, so whatever cuts the user
off (another password, disabling) ends it without a write (docs/adr/0021).
"""

from __future__ import annotations

from enum import StrEnum, auto
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth.users import UserStatus

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gatepass.auth.terms import Terms
    from gatepass.auth.users import User


class Purpose(StrEnum):
    """What a link is good for, and nothing else."""

    INVITE = "invite"
    """Set the first password of an account that an administrator made."""
    RESET = "reset"
    """Set another password in the place of one that was forgotten."""
    EMAIL = "email"
    """Confirm that a mailbox is the user's, who then has that address."""


SETS_A_PASSWORD: Final = frozenset({Purpose.INVITE, Purpose.RESET})


class Link(msgspec.Struct, frozen=True):
    """A link that was sent; times are seconds since the epoch."""

    hash: bytes
    """SHA-256 of the secret; the secret itself is never stored."""
    user_id: str
    purpose: Purpose
    email: str
    """The mailbox it was sent to."""
    epoch: int
    """The user's epoch when it was sent."""
    ends_at: float


class State(StrEnum):
    """Where a link stands."""

    OPEN = auto()
    LAPSED = auto()
    """Past its end, below the user's cut-off, or sent to a mailbox that is no longer the user's."""
    GONE = auto()
    """Used, or replaced by a newer one: it is no longer kept."""


class Event(StrEnum):
    """What happens to a link."""

    PRESENTED = auto()
    PRESENTED_FOR_ANOTHER_PURPOSE = auto()
    REPLACED = auto()
    """A newer one of its purpose was sent."""


class Effect(StrEnum):
    """What is done about it."""

    ACCEPT_ONCE = auto()
    DROP = auto()
    REFUSE = auto()


TRANSITIONS: Final[dict[tuple[State, Event], tuple[State, Effect]]] = {
    (State.OPEN, Event.PRESENTED): (State.GONE, Effect.ACCEPT_ONCE),
    (State.OPEN, Event.PRESENTED_FOR_ANOTHER_PURPOSE): (State.OPEN, Effect.REFUSE),
    (State.OPEN, Event.REPLACED): (State.GONE, Effect.DROP),
    (State.LAPSED, Event.PRESENTED): (State.LAPSED, Effect.REFUSE),
    (State.LAPSED, Event.PRESENTED_FOR_ANOTHER_PURPOSE): (State.LAPSED, Effect.REFUSE),
    (State.LAPSED, Event.REPLACED): (State.GONE, Effect.DROP),
    (State.GONE, Event.PRESENTED): (State.GONE, Effect.REFUSE),
    (State.GONE, Event.PRESENTED_FOR_ANOTHER_PURPOSE): (State.GONE, Effect.REFUSE),
    (State.GONE, Event.REPLACED): (State.GONE, Effect.REFUSE),
}


def issue(user: User, *, purpose: Purpose, email: str, id_hash: bytes, terms: Terms, now: float) -> Link:
    """Make the link that is sent now."""
    return Link(id_hash, user.id, purpose, email, user.epoch, now + lifetime(purpose, terms=terms))


def lifetime(purpose: Purpose, *, terms: Terms) -> int:
    """Say how many seconds a link of a purpose lasts."""
    return terms.invite_lifetime if purpose is Purpose.INVITE else terms.link_lifetime


def lapse(link: Link, user: User, *, now: float) -> str | None:
    """Give the code of why the link does not hold, or None when it does."""
    if now >= link.ends_at:
        return "link_expired"
    if user.status is UserStatus.DISABLED:
        return "user_disabled"
    if link.epoch < user.revoked_below:
        return "link_revoked"
    if link.purpose in SETS_A_PASSWORD and link.email != user.email:
        return "link_elsewhere"  # the mailbox it lies in is no longer the user's
    return None


def refusal(link: Link, user: User, *, purposes: AbstractSet[Purpose], now: float) -> str | None:
    """Decide with the table: give the code of why presenting the link leads to nothing, or None."""
    code = lapse(link, user, now=now)
    state = State.OPEN if code is None else State.LAPSED
    fits = link.purpose in purposes
    event = Event.PRESENTED if fits else Event.PRESENTED_FOR_ANOTHER_PURPOSE
    if TRANSITIONS[state, event][1] is Effect.ACCEPT_ONCE:
        return None
    return code or "link_of_another_purpose"
