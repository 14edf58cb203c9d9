"""When a signing key is wanted, takes over, leaves the published set and is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import Change, KeyMoved, KeyRemoved
from gatepass.auth.signing_keys import TRANSITIONS, KeyEffect, KeyEvent, KeyState
from gatepass.auth.terms import LONGEST_LIFETIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatepass.auth.signing_keys import KeyRecord
    from gatepass.auth.terms import Terms


def due(records: Sequence[KeyRecord], *, terms: Terms, now: float) -> list[Change]:
    """Say which keys are to be moved or forgotten by now."""
    ripe = [r for r in records if r.state is KeyState.NEXT and r.activates_at <= now]
    moves: list[Change] = [_moved(r, KeyEvent.TIME_TO_SIGN, terms=terms, now=now) for r in ripe]
    for record in records:
        if record.state is KeyState.ACTIVE and ripe:
            moves.append(_moved(record, KeyEvent.SUCCEEDED, terms=terms, now=now))
        elif record.state is KeyState.RETIRING and now >= (record.retires_at or 0):
            moves.append(_moved(record, KeyEvent.LAST_TOKEN_DEAD, terms=terms, now=now))
        elif record.state is KeyState.RETIRED and now >= (record.removed_at or 0):
            moves.append(_moved(record, KeyEvent.LAST_RENEWAL_DEAD, terms=terms, now=now))
    return moves


def replaced(record: KeyRecord, *, terms: Terms, now: float) -> Change:
    """Let a next key go before its time, because another one is wanted."""
    return _moved(record, KeyEvent.REPLACED, terms=terms, now=now)


def compromised(records: Sequence[KeyRecord], kid: str, *, terms: Terms, now: float) -> list[Change]:
    """Forget a key at once; where it was the one that signs, the next one takes over at once."""
    doomed = [record for record in records if record.kid == kid]
    moves = [_moved(record, KeyEvent.COMPROMISED, terms=terms, now=now) for record in doomed]
    left = [record for record in records if record.kid != kid]
    if any(record.state is KeyState.ACTIVE for record in left):
        return moves
    for record in left:
        if record.state is KeyState.NEXT:
            signs = msgspec.structs.replace(record, activates_at=min(record.activates_at, now))
            moves.append(_moved(signs, KeyEvent.TIME_TO_SIGN, terms=terms, now=now))
    return moves


def wants_next(records: Sequence[KeyRecord], *, terms: Terms, now: float) -> bool:
    """Say whether it is time to publish the next key."""
    if any(record.state is KeyState.NEXT for record in records):
        return False
    active = [record.activates_at for record in records if record.state is KeyState.ACTIVE]
    return not active or max(active) + terms.key_lifetime - terms.key_publish_ahead <= now


def newest(records: Sequence[KeyRecord]) -> KeyRecord | None:
    """Give the key that will sign when everything that is planned has happened."""
    signing = [record for record in records if record.state in {KeyState.ACTIVE, KeyState.NEXT}]
    return max(signing, key=lambda record: (record.state is KeyState.NEXT, record.activates_at), default=None)


def leaves_at(stops_at: float, *, terms: Terms) -> float:
    """Say when a key may leave the published set that stops signing at `stops_at`.

    The last token may be signed by a process that learns of the change a little later; publish_ahead covers
    that. And it may live as long as any, whatever the settings say by now: they may just have been changed.
    """
    return stops_at + LONGEST_LIFETIME + terms.leeway + terms.key_publish_ahead


def _moved(record: KeyRecord, event: KeyEvent, *, terms: Terms, now: float) -> Change:
    state, effect = TRANSITIONS[record.state, event]
    if effect is KeyEffect.FORGET:
        return KeyRemoved(record.kid, record.state)
    after = msgspec.structs.replace(record, state=state)
    if effect is KeyEffect.STOP_SIGNING:
        after = msgspec.structs.replace(after, retires_at=leaves_at(now, terms=terms))
    elif effect is KeyEffect.UNPUBLISH:
        last_renewal = now + terms.refresh_idle
        after = msgspec.structs.replace(after, sealed_private=None, removed_at=last_renewal)
    return KeyMoved(record.state, after)
