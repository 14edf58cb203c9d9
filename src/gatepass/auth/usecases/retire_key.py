"""Retire a key early: another one takes over as soon as everybody can have seen it. Nobody is logged out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import key_schedule, signing_keys
from gatepass.auth.changes import Conflict, KeyAdded
from gatepass.auth.errors import Contended, KeyUnknown, SecretShared
from gatepass.auth.signing_keys import KeyState
from gatepass.auth.usecases._key_changes import key_changes
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.usecases.keep_keys import keep_keys
from gatepass.auth.usecases.rotate_keys import rotate_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatepass.auth.auth import Auth
    from gatepass.auth.signing_keys import KeyRecord


async def retire_key(auth: Auth, *, kid: str, now: float) -> KeyRecord:
    """Give the key that signs instead, now or soon. Raises `KeyUnknown`, `SecretShared`.

    The one that signs goes on until the next one may; one that waits gives way to a new one; one that signs
    no more is on its way out already.
    """
    if auth.shared_secrets is not None:
        raise SecretShared
    for _ in range(TRIES):
        await keep_keys(auth, now=now)
        records = await auth.store.signing_keys()
        record = next((record for record in records if record.kid == kid), None)
        if record is None:
            raise KeyUnknown
        if record.state is KeyState.ACTIVE:
            return await rotate_keys(auth, now=now)
        if record.state is not KeyState.NEXT:
            return _signs(records)
        fresh = signing_keys.new_record(
            auth.terms.signing_algorithm,
            kek=auth.kek,
            entropy=auth.entropy,
            state=KeyState.NEXT,
            activates_at=now + auth.terms.key_publish_ahead,
            now=now,
        )
        replaced = key_schedule.replaced(record, terms=auth.terms, now=now)
        try:
            await auth.store.commit(*key_changes(records, [replaced, KeyAdded(fresh)], actor="cli", now=now))
        except Conflict:
            continue
        await keep_keys(auth, now=now)
        return fresh
    raise Contended


def _signs(records: Sequence[KeyRecord]) -> KeyRecord:
    return next(record for record in records if record.state is KeyState.ACTIVE)
