"""A commit of key changes: decided on the whole ring, each with its line in the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import Change, EventRecorded, KeyAdded, KeyMoved, KeyRemoved, KeyringIs
from gatepass.auth.events import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gatepass.auth.signing_keys import KeyRecord


def key_changes(records: Sequence[KeyRecord], changes: Iterable[Change], *, now: float) -> list[Change]:
    """Put the guard in front and the events behind."""
    states = frozenset((record.kid, record.state.value) for record in records)
    listed = list(changes)
    return [KeyringIs(states), *listed, *(EventRecorded(_event(change, now=now)) for change in listed)]


def _event(change: Change, *, now: float) -> Event:
    if isinstance(change, KeyAdded):
        return Event(now, EventKind.KEY_ADDED, reason=change.record.kid)
    if isinstance(change, KeyMoved):
        return Event(now, EventKind.KEY_MOVED, reason=f"{change.record.kid} {change.record.state.value}")
    if isinstance(change, KeyRemoved):
        return Event(now, EventKind.KEY_REMOVED, reason=change.kid)
    raise AssertionError(type(change).__name__)
