"""The tables that are copied, each behind those it refers to, with the columns that both databases have."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gatepass.storage.rows import Row

TABLES: Final = {
    "users": "id, email, first_name, last_name, status, roles, permissions, granted, epoch, revoked_below,"
    " created_at, password_hash",
    "roles": "name, permissions",
    "user_roles": "role, user_id",
    "user_names": "place, user_id, other",
    "sessions": "id_hash, sid, user_id, epoch, created_at, last_seen_at, idle_ends_at, ends_at, ended_at,"
    " end_reason, device, address",
    "refresh_records": "hash, family, form, state, sid, user_id, epoch, access_token_hash, issued_at,"
    " idle_ends_at, absolute_ends_at, lifetime, rotated_at, answer, successor",
    "signing_keys": "kid, alg, state, public_jwk, sealed_private, created_at, activates_at, retires_at,"
    " removed_at",
    "attempts": "key, arrival",
    "links": "hash, user_id, purpose, email, epoch, ends_at",
    "mails": "id, kind, user_id, email, epoch, next_at, tries, ends_at",
    "imports": "source, line, imported, refused, finished",
    "events": "seq, at, kind, user_id, sid, actor, address, reason",
    "revocations": "seq, selects, value, below, forget_after, user_id",
}
"""Tables of many rows."""

SINGLES: Final = {"feed": "log, floor, head", "event_export": "place, holder, until"}
"""Tables of one row, which is there from the beginning: followers of the feed go on in the one they know."""


class Tally:
    """How many rows, and their checksum: the sum of their SHA-256, so that their order doesn't matter."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, row: Row) -> None:
        """Count a row in; both drivers give texts, whole numbers, floats, bytes and None."""
        self.rows += 1
        self._sum += int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest())

    @property
    def checksum(self) -> str:
        """64 hex digits."""
        return f"{self._sum % 2**256:064x}"
