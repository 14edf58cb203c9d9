"""Revoke a key: somebody else may have its private half, so nothing that it signed holds any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import key_schedule, signing_keys
from gatepass.auth.changes import Change, Conflict, EventRecorded, KeyAdded, KeyMoved, Revoked
from gatepass.auth.errors import Contended, KeyUnknown, SecretShared
from gatepass.auth.events import Event, EventKind
from gatepass.auth.orders import key_compromised
from gatepass.auth.signing_keys import KeyState
from gatepass.auth.usecases._key_changes import key_changes
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.usecases.keep_keys import keep_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatepass.auth.auth import Auth
    from gatepass.auth.signing_keys import KeyRecord


async def revoke_key(auth: Auth, *, kid: str, now: float) -> KeyRecord:
    """Forget a key at once, and give the one that signs from now on; for the command line alone.

    A key that waits takes over, because Services know it already; where none does, a new one signs
    unannounced. What becomes of those who hold a token of it: docs/adr/0015.

    Raises `KeyUnknown`, `SecretShared`.
    """
    if auth.shared_secrets is not None:
        raise SecretShared
    for _ in range(TRIES):
        records = await auth.store.signing_keys()
        if all(record.kid != kid for record in records):
            raise KeyUnknown
        moves = key_schedule.compromised(records, kid, terms=auth.terms, now=now)
        signs, added = _signer(auth, records, moves, kid=kid, now=now)
        event = Event(now, EventKind.KEY_REVOKED, actor="cli", reason=kid)
        try:
            await auth.store.commit(
                *key_changes(records, [*moves, *added], actor="cli", now=now),
                Revoked(key_compromised(kid, now=now)),
                EventRecorded(event),
            )
        except Conflict:
            continue
        await keep_keys(auth, now=now)
        return signs
    raise Contended


def _signer(
    auth: Auth, records: Sequence[KeyRecord], moves: Sequence[Change], *, kid: str, now: float
) -> tuple[KeyRecord, list[Change]]:
    """Say which key signs after the moves, and make one where none does."""
    took_over = [move.record for move in moves if isinstance(move, KeyMoved)]
    for record in (*took_over, *records):
        if record.kid != kid and record.state is KeyState.ACTIVE:
            return record, []
    fresh = signing_keys.new_record(
        auth.terms.signing_algorithm,
        kek=auth.kek,
        entropy=auth.entropy,
        state=KeyState.ACTIVE,
        activates_at=now,
        now=now,
    )
    return fresh, [KeyAdded(fresh)]
