"""What a change of the algorithm brings, and when: from one kind of key to another, logging nobody out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth import key_schedule
from gatepass.auth.signing_keys import KeyState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatepass.auth.signing_keys import KeyRecord
    from gatepass.auth.terms import Terms


class KeyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The dates of a change; all in seconds since the epoch."""

    old: str
    """The algorithm that signs now."""
    new: str
    published_at: float
    """From then on the new key is published; in the past when the change has begun."""
    signs_at: float
    """From then on it signs. By then every Service must allow its algorithm."""
    old_leaves_at: float
    """From then on the old key is published no more: no token of it is alive, no Service needs its
    algorithm."""
    old_forgotten_at: float
    """From then on no expired token of the old key is renewed."""
    begun: bool


def plan(records: Sequence[KeyRecord], new: str, *, terms: Terms, now: float) -> KeyPlan | None:
    """Plan the change to an algorithm, begun now unless it has begun; None where that one signs already, or
    nothing does."""
    signs = key_schedule.newest([record for record in records if record.state is KeyState.ACTIVE])
    waits = key_schedule.newest([record for record in records if record.state is KeyState.NEXT])
    if signs is None or (signs.alg == new and (waits is None or waits.alg == new)):
        return None
    begun = waits is not None and waits.alg == new
    published_at = waits.created_at if waits is not None and begun else now
    signs_at = waits.activates_at if waits is not None and begun else now + terms.key_publish_ahead
    old_leaves_at = key_schedule.leaves_at(signs_at, terms=terms)
    return KeyPlan(
        old=signs.alg,
        new=new,
        published_at=published_at,
        signs_at=signs_at,
        old_leaves_at=old_leaves_at,
        old_forgotten_at=old_leaves_at + terms.refresh_idle,
        begun=begun,
    )
