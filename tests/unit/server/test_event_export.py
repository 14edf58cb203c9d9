"""The event log written out: each line once, in order, whoever writes, whatever happens to the file."""

from __future__ import annotations

import asyncio
import json
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from gatepass.auth import Event, EventKind, EventRecorded, Export
from gatepass.server import EventExport, EventFile
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

# ruff: noqa: ASYNC240 (nobody else is on this loop)

NOW = 1_800_000_000.0
PATIENCE = 30.0  # seconds; none is needed


async def tell(store: MemoryStore, *reasons: str) -> None:
    await store.commit(*(EventRecorded(Event(NOW, EventKind.LOGGED_IN, reason=text)) for text in reasons))


def reasons(*files: Path) -> list[str]:
    return [json.loads(line)["reason"] for file in files for line in file.read_bytes().splitlines()]


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def export(store: MemoryStore, file: Path, name: str = "one", clock: Clock | None = None) -> EventExport:
    return EventExport(store, EventFile(str(file)), name=name, clock=clock or Clock())


async def test_each_event_is_written_once_for_its_owner_alone(file: Path) -> None:
    store = MemoryStore()
    one = export(store, file)
    await tell(store, "a", "b")
    await one.step()
    await one.step()
    await tell(store, "c")
    await one.step()
    assert reasons(file) == ["a", "b", "c"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_a_rotated_file_goes_on_in_a_new_one(file: Path, tmp_path: Path) -> None:
    store = MemoryStore()
    one = export(store, file)
    await tell(store, "a")
    await one.step()
    file.rename(tmp_path / "events.jsonl.1")
    await tell(store, "b")
    await one.step()
    assert reasons(tmp_path / "events.jsonl.1", file) == ["a", "b"]
    two = export(store, file, "two")  # and after a restart, with an empty file
    await tell(store, "c")
    file.rename(tmp_path / "events.jsonl.2")
    await one._give_up()
    await two.step()
    assert reasons(tmp_path / "events.jsonl.2", file) == ["b", "c"]


async def test_of_two_processes_one_writes_and_the_other_goes_on_when_it_dies(file: Path) -> None:
    store, clock = MemoryStore(), Clock()
    one, two = (export(store, file, name, clock) for name in ("one", "two"))
    await tell(store, "a")
    await asyncio.gather(one.step(), two.step())
    await tell(store, "b")
    await asyncio.gather(two.step(), one.step())
    assert reasons(file) == ["a", "b"]
    holder = (await store.event_export()).holder
    survivor = two if holder == "one" else one
    await tell(store, "c")
    await survivor.step()
    assert reasons(file) == ["a", "b"]
    clock.now += 61  # the other one says nothing any more
    await survivor.step()
    assert reasons(file) == ["a", "b", "c"]


async def test_who_was_killed_before_the_place_was_noted_repeats_no_line(file: Path) -> None:
    store, clock = MemoryStore(), Clock()
    one, two = (export(store, file, name, clock) for name in ("one", "two"))
    await tell(store, "a", "b")
    turn = await one._turn()
    assert turn is not None
    one._write(await store.events_after(0, 10))
    with file.open("ab") as torn:
        torn.write(b'{"seq":3,"ti')
    await tell(store, "c")
    clock.now += 61
    await two.step()
    assert reasons(file) == ["a", "b", "c"]


async def test_a_file_of_another_log_is_not_taken_for_this_one(file: Path) -> None:
    older, store = MemoryStore(), MemoryStore()
    await tell(older, "x", "y")
    await export(older, file).step()
    await tell(store, "a", "b", "c")
    await export(store, file).step()
    assert reasons(file) == ["x", "y", "a", "b", "c"]


async def test_what_could_not_be_written_is_written_later(file: Path) -> None:
    store = MemoryStore()
    await tell(store, "a")
    file.mkdir()
    with pytest.raises(OSError):
        await export(store, file).step()
    file.rmdir()
    await export(store, file).step()
    assert reasons(file) == ["a"]


async def test_what_came_last_is_written_before_the_end(file: Path) -> None:
    store = MemoryStore()
    running = asyncio.create_task(export(store, file).run())
    await asyncio.sleep(0)
    await tell(store, "a")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert reasons(file) == ["a"]
    assert (await store.event_export()).holder is None


class Slow(EventFile):
    """A disk that takes its time."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.began, self.goes_on = threading.Event(), threading.Event()

    def write(self, data: bytes) -> None:
        self.began.set()
        assert self.goes_on.wait(PATIENCE)
        super().write(data)


async def test_who_is_stopped_while_the_disk_is_busy_writes_nothing_twice(file: Path) -> None:
    store, slow = MemoryStore(), Slow(str(file))
    await tell(store, "a")
    running = asyncio.create_task(EventExport(store, slow, name="one", clock=Clock()).run())
    assert await asyncio.to_thread(slow.began.wait, PATIENCE)
    running.cancel()
    await asyncio.sleep(0)
    slow.goes_on.set()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert reasons(file) == ["a"]
    assert await store.event_export() == Export(1, None, 0.0)


def test_no_link_is_followed(file: Path, tmp_path: Path) -> None:
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        EventFile(str(file)).touch()


async def test_no_text_can_forge_a_line(file: Path) -> None:
    store = MemoryStore()
    forged = 'x"}\n{"seq":9,"reason":"forged"}\r\u2028\u0085\x1b[2J'
    await tell(store, forged)
    await export(store, file).step()
    written = file.read_bytes()
    assert written.count(b"\n") == 1
    assert all(0x20 <= byte < 0x7F for byte in written[:-1])
    assert reasons(file) == [forged]
