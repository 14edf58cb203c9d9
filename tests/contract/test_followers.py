"""Every follower sees every entry exactly once, in order, whatever the commit order of those who write.

What would break it: a place that becomes visible behind one that somebody has read already.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.contract.samples import NOW
from tests.reading import Reader
from tests.stores import open_at

from gatepass.auth import Conflict, Revoked, UserIsAt, revocations
from gatepass.oauth import mark_of

if TYPE_CHECKING:
    from gatepass.auth import Store

WRITERS, EACH, FOLLOWERS = 8, 40, 4
NEVER = UserIsAt("user-none", 0)


async def write(store: Store, name: str, chance: random.Random) -> list[str]:
    """Revoke sessions, one to three in a commit, some in commits that conflict; gives what was written."""
    written = []
    for number in range(EACH):
        values = [f"{name}-{number}-{i}" for i in range(chance.randint(1, 3))]
        entries = [Revoked(revocations.session_ended(value, "user-ada", now=NOW)) for value in values]
        for _ in range(chance.randint(0, 3)):
            await asyncio.sleep(0)
        try:
            await store.commit(*entries, *([NEVER] if chance.random() < 0.2 else []))
        except Conflict:
            continue
        written += values
    return written


async def follow(store: Store, reader: Reader, stop: asyncio.Event, chance: random.Random) -> None:
    """Read by cursor while others write, and once more when they are done."""
    while not stop.is_set():
        await store.revocations_grew(reader.seq, 0.01)
        for _ in range(chance.randint(0, 3)):
            await asyncio.sleep(0)
        await reader.read(store)
    await reader.read(store)


def saw_everything(reader: Reader, written: list[str]) -> None:
    assert reader.places == list(range(1, len(written) + 1))  # in order, none missing, none twice
    assert sorted(one.mark for one in reader.selectors) == sorted(map(mark_of, written))


async def test_many_write_while_many_follow(store: Store) -> None:
    stop = asyncio.Event()
    readers = [Reader() for _ in range(FOLLOWERS)]
    following = [
        asyncio.create_task(follow(store, reader, stop, random.Random(seed)))  # noqa: S311
        for seed, reader in enumerate(readers)
    ]
    written = await asyncio.gather(
        *(write(store, f"w{seed}", random.Random(100 + seed)) for seed in range(WRITERS))  # noqa: S311
    )
    stop.set()
    await asyncio.gather(*following)
    for reader in readers:
        saw_everything(reader, [value for values in written for value in values])


def start(address: str, name: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.contract.revoking_process", address, name, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


async def test_many_processes_write_one_database_while_others_follow(address: str) -> None:
    stores = [await open_at(address) for _ in range(2)]
    stop = asyncio.Event()
    readers = [Reader() for _ in range(FOLLOWERS)]
    following = [
        asyncio.create_task(follow(stores[seed % 2], reader, stop, random.Random(seed)))  # noqa: S311
        for seed, reader in enumerate(readers)
    ]
    processes = [start(address, name, 200) for name in ("left", "middle", "right")]
    mine = await write(stores[0], "mine", random.Random(7))  # noqa: S311
    written = list(mine)
    for process in processes:
        out, _ = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0
        written += out.split()
    stop.set()
    await asyncio.gather(*following)
    assert len(written) == len(mine) + 3 * 160
    for reader in readers:
        saw_everything(reader, written)
    for store in stores:
        await store.close()


async def test_who_waits_hears_of_what_another_process_revoked(address: str) -> None:
    store = await open_at(address)
    waiting = asyncio.create_task(store.revocations_grew(0, 60))
    out, _ = await asyncio.to_thread(start(address, "other", 1).communicate, timeout=60)
    assert out == "other-0\n"
    assert await waiting
    await store.close()
