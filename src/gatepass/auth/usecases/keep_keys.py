"""Keep the keys: the first one, the next one, and every move that is due; then open the ring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import key_schedule, signing_keys
from gatepass.auth.changes import Change, Conflict, KeyAdded
from gatepass.auth.errors import Contended
from gatepass.auth.keyring import Keyring
from gatepass.auth.signing_keys import KeyState
from gatepass.auth.usecases._key_changes import key_changes
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatepass.auth.auth import Auth
    from gatepass.auth.signing_keys import KeyRecord


async def keep_keys(auth: Auth, *, now: float) -> Keyring:
    """Do what is due, and load the ring; called on start and at least once a minute. Raises `SealBroken`.

    Any number of processes may call it at once: each decides on the whole ring, and the commit holds only
    for that ring.
    """
    if auth.shared_secrets is not None:
        ring = Keyring.of_secrets(auth.shared_secrets)
        auth.keyring.replace(ring)
        return ring
    for _ in range(TRIES):
        records = await auth.store.signing_keys()
        # Opened first: a wrong key-encryption key must not add keys of its own.
        ring = Keyring.open(records, auth.kek)
        changes = key_schedule.due(records, terms=auth.terms, now=now) + _next(auth, records, now=now)
        if not changes:
            auth.keyring.replace(ring)
            return ring
        try:
            await auth.store.commit(*key_changes(records, changes, actor=None, now=now))
        except Conflict:
            continue
    raise Contended


def _next(auth: Auth, records: Sequence[KeyRecord], *, now: float) -> list[Change]:
    if not key_schedule.wants_next(records, terms=auth.terms, now=now):
        return []
    # The very first key cannot wait: nothing was ever signed, and nobody has a key set to be out of date.
    first = not any(record.state is KeyState.ACTIVE for record in records)
    record = signing_keys.new_record(
        auth.terms.signing_algorithm,
        kek=auth.kek,
        entropy=auth.entropy,
        state=KeyState.ACTIVE if first else KeyState.NEXT,
        activates_at=now if first else now + auth.terms.key_publish_ahead,
        now=now,
    )
    return [KeyAdded(record)]
