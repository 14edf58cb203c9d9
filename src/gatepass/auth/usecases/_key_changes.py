"""A commit of key changes: decided on the whole ring, each with its line in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import Change, EventRecorded, KeyAdded, KeyMoved, KeyRemoved, KeyringIs
from gatepass.auth.events import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gatepass.auth.signing_keys import KeyRecord


def key_changes(
    records: Sequence[KeyRecord], changes: Iterable[Change], *, actor: str | None, now: float
) -> list[Change]:
    """Put the guard in front and the events behind; no actor: it was due by the clock."""
    states = frozenset((record.kid, record.state.value) for record in records)
    listed = list(changes)
    return [
        KeyringIs(states),
        *listed,
        *(EventRecorded(_event(change, actor=actor, now=now)) for change in listed),
    ]


def _event(change: Change, *, actor: str | None, now: float) -> Event:
    if isinstance(change, KeyAdded):
        return Event(now, EventKind.KEY_ADDED, actor=actor, reason=change.record.kid)
    if isinstance(change, KeyMoved):
        moved = f"{change.record.kid} {change.record.state.value}"
        return Event(now, EventKind.KEY_MOVED, actor=actor, reason=moved)
    if isinstance(change, KeyRemoved):
        return Event(now, EventKind.KEY_REMOVED, actor=actor, reason=change.kid)
    raise AssertionError(type(change).__name__)
