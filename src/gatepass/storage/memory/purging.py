"""What is over and nobody can need any more: whether there is any, and how it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

if TYPE_CHECKING:
    from gatepass.auth import Link, Mail, Purged
    from gatepass.storage.memory.tables import Tables


def purge(tables: Tables, change: Purged) -> None:
    """Take what is over, as much of each kind as the limit says."""
    for token_hash in _answers_over(tables, change)[: change.limit]:
        wiped = replace(tables.refresh[token_hash], answer=None)
        tables.put(tables.refresh, token_hash, wiped)
    for token_hash in _refresh_over(tables, change)[: change.limit]:
        tables.drop(tables.refresh, token_hash)
    for sid in _sessions_over(tables, change)[: change.limit]:
        tables.drop_session(sid)
    for key in _attempts_over(tables, change)[: change.limit]:
        tables.drop(tables.attempts, key)
    for seq in _events_over(tables, change):
        tables.drop(tables.events, seq)
    for link in _links_over(tables, change)[: change.limit]:
        tables.drop(tables.links, (link.user_id, link.purpose))
    for mail in _mails_over(tables, change)[: change.limit]:
        tables.drop(tables.mails, mail.id)
    _forget(tables, _revocations_over(tables, change)[: change.limit])


def anything_over(tables: Tables, purged: Purged) -> bool:
    """Say whether `purge` would find anything."""
    kinds = (
        _answers_over,
        _refresh_over,
        _sessions_over,
        _attempts_over,
        _revocations_over,
        _links_over,
        _mails_over,
    )
    return any(kind(tables, purged) for kind in kinds) or bool(_events_over(tables, replace(purged, limit=1)))


def _forget(tables: Tables, places: list[int]) -> None:
    for seq in places:
        tables.drop(tables.revocations, seq)
    if places:
        tables.put(tables.feed, "floor", min(tables.revocations, default=tables.feed["head"] + 1) - 1)


def _answers_over(tables: Tables, purged: Purged) -> list[bytes]:
    """Name the records whose answer is to be wiped."""
    answered = [record for record in tables.refresh.values() if record.answer is not None]
    return [r.hash for r in answered if (r.rotated_at or 0.0) <= purged.answers_before]


def _refresh_over(tables: Tables, purged: Purged) -> list[bytes]:
    """Name the records that are to go."""
    return [r.hash for r in tables.refresh.values() if r.idle_ends_at <= purged.now]


def _sessions_over(tables: Tables, purged: Purged) -> list[str]:
    """Name the sessions that are to go."""
    return [s.sid for s in tables.sessions.values() if s.idle_ends_at <= purged.sessions_before]


def _revocations_over(tables: Tables, purged: Purged) -> list[int]:
    """Name the entries of the feed that may be forgotten."""
    return [seq for seq, entry in tables.revocations.items() if entry.forget_after <= purged.now]


def _attempts_over(tables: Tables, purged: Purged) -> list[str]:
    """Name the counters that are empty."""
    return [key for key, arrival in tables.attempts.items() if arrival <= purged.now]


def _links_over(tables: Tables, purged: Purged) -> list[Link]:
    """Name the links that are to go."""
    return [link for link in tables.links.values() if link.ends_at <= purged.now]


def _mails_over(tables: Tables, purged: Purged) -> list[Mail]:
    """Name the mails that are to go."""
    return [mail for mail in tables.mails.values() if mail.ends_at <= purged.now]


def _events_over(tables: Tables, purged: Purged) -> list[int]:
    """Name the events that are to go."""
    oldest = sorted(tables.events)[:-1][: purged.limit]  # the newest stays
    return [seq for seq in oldest if tables.events[seq].at <= purged.events_before]
