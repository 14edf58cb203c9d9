"""What is kept of an import: how far it is, moved on by one process at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import fill, user
from tests.stores import open_at

from gatepass.auth import Conflict, ImportMoved, ImportRun, UserAdded

if TYPE_CHECKING:
    from gatepass.auth import Store

BEGUN = ImportRun("file", 500, 498, 2)
DONE = ImportRun("file", 700, 690, 10, finished=True)


async def test_an_import_moves_on_from_where_it_is_and_from_nowhere_else(store: Store) -> None:
    assert await store.import_run("file") is None
    await store.commit(ImportMoved(None, BEGUN))
    for wrong in (None, ImportRun("file", 499, 498, 2), ImportRun("file", 500, 498, 2, finished=True)):
        with pytest.raises(Conflict):
            await store.commit(ImportMoved(wrong, DONE))
    assert await store.import_run("file") == BEGUN
    await store.commit(ImportMoved(BEGUN, DONE))
    assert await store.import_run("file") == DONE
    assert await store.import_run("another") is None


async def test_of_two_processes_one_writes_a_batch(store: Store) -> None:
    batches = [
        store.commit(ImportMoved(None, BEGUN), *(UserAdded(user(f"{name}{n}"), "h") for n in range(50)))
        for name in ("a", "b")
    ]
    ends = await asyncio.gather(*batches, return_exceptions=True)
    assert [type(end) for end in ends].count(Conflict) == 1
    assert len({found.email[0] for found in await store.users_page(None, 200)}) == 1
    assert len(await store.users_page(None, 200)) == 50


async def test_an_import_outlives_the_process(address: str) -> None:
    first = await open_at(address)
    await first.commit(ImportMoved(None, BEGUN))
    await first.close()
    second = await open_at(address)
    assert await second.import_run("file") == BEGUN
    await second.close()


async def test_names_that_somebody_has_are_found_in_one_look_up(store: Store) -> None:
    await fill(store)
    before = store.lookups
    asked = ["ada@example.org", "user-ada", "eve@example.org", "user-eve", "ADA@example.org", "", 'a"b']
    assert await store.taken(asked) == {"ada@example.org", "user-ada"}
    assert await store.taken([]) == frozenset()
    assert store.lookups == before + 2
