"""A key that one process revokes is signed with by no other, as soon as that one can know."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.integration.conftest import PATIENCE
from tests.unit.auth.house import make_auth

from gatepass.auth import CurrentKeyring, Keyring, usecases
from gatepass.storage import SqliteStore
from gatepass.wiring import watch_keys

if TYPE_CHECKING:
    from pathlib import Path


class Noticing(CurrentKeyring):
    """Says when another ring is taken."""

    __slots__ = ("replaced",)

    def __init__(self) -> None:
        super().__init__()
        self.replaced = asyncio.Event()

    def replace(self, ring: Keyring) -> None:
        super().replace(ring)
        self.replaced.set()


async def test_another_process_takes_the_new_ring_at_once(tmp_path: Path) -> None:
    stores = [SqliteStore.open(tmp_path / "gatepass.db") for _ in range(2)]
    here, there = make_auth(stores[0]), make_auth(stores[1])
    keyring = Noticing()
    there = replace(there, keyring=keyring)
    for auth in (here, there):
        await usecases.keep_keys(auth, now=time.time())
    old = here.keyring.ring.signing_key(time.time()).kid
    watching = asyncio.create_task(watch_keys(there))
    try:
        keyring.replaced.clear()
        await usecases.revoke_token(here, jti="another entry", actor="cli", now=time.time())
        await usecases.revoke_key(here, kid=old or "", now=time.time())
        # No round of housekeeping goes on here, which would find it anyway.
        await asyncio.wait_for(keyring.replaced.wait(), PATIENCE)
        assert not watching.done()
        assert keyring.ring.signing_key(time.time()).kid == here.keyring.ring.signing_key(time.time()).kid
        assert old not in {key.kid for key in keyring.ring.known}
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        for store in stores:
            await store.close()
