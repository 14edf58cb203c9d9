"""Rotate the keys: publish the next one now; it signs as soon as everybody can have seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import key_schedule, signing_keys
from gatepass.auth.changes import Change, Conflict, KeyAdded
from gatepass.auth.errors import Contended, SecretShared
from gatepass.auth.signing_keys import KeyState
from gatepass.auth.usecases._key_changes import key_changes
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.usecases.keep_keys import keep_keys

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.signing_keys import KeyRecord


async def rotate_keys(auth: Auth, *, now: float, alg: str | None = None) -> KeyRecord:
    """Give the next key, a new one unless one of that algorithm is waiting already (a client may retry).

    Raises `SecretShared`.
    """
    if auth.shared_secrets is not None:
        raise SecretShared
    wanted = alg or auth.terms.signing_algorithm
    for _ in range(TRIES):
        await keep_keys(auth, now=now)
        records = await auth.store.signing_keys()
        waiting = [record for record in records if record.state is KeyState.NEXT]
        if waiting and waiting[0].alg == wanted:
            return waiting[0]
        record = signing_keys.new_record(
            wanted,
            kek=auth.kek,
            entropy=auth.entropy,
            state=KeyState.NEXT,
            activates_at=now + auth.terms.key_publish_ahead,
            now=now,
        )
        changes: list[Change] = [key_schedule.replaced(old, terms=auth.terms, now=now) for old in waiting]
        try:
            await auth.store.commit(*key_changes(records, [*changes, KeyAdded(record)], actor="cli", now=now))
        except Conflict:
            continue
        await keep_keys(auth, now=now)
        return record
    raise Contended
