"""Change the algorithm: where the settings name another one than the keys have, the next key is one of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import key_schedule
from gatepass.auth.usecases.keep_keys import keep_keys
from gatepass.auth.usecases.rotate_keys import rotate_keys

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.signing_keys import KeyRecord


async def change_algorithm(auth: Auth, *, now: float) -> KeyRecord | None:
    """Give the key that the change begins with, None where nothing is to change; called once on start.

    Not with every round of `keep_keys`: processes that start one after the other with other settings would
    undo each other's change for as long as they differ.
    """
    await keep_keys(auth, now=now)
    if auth.shared_secrets is not None:
        return None
    last = key_schedule.newest(await auth.store.signing_keys())
    if last is None or last.alg == auth.terms.signing_algorithm:
        return None
    return await rotate_keys(auth, now=now)
