"""SQLite's log, taken over beside the commits."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from tests.contract.samples import NOW, fill

from gatepass.auth import Event, EventKind, EventRecorded
from gatepass.storage import SqliteStore
from gatepass.storage.sqlite import checkpointer
from gatepass.storage.sqlite.checkpointer import Checkpointer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENT = EventRecorded(Event(NOW, EventKind.LOGGED_IN, address="192.0.2.1" * 100))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """One with a log of many pages, which it does not take over itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("CREATE TABLE rows (text TEXT)")
        connection.executemany("INSERT INTO rows VALUES (?)", [("x" * 3_000,)] * 50)
        yield connection


def size(path: Path) -> int:
    return path.stat().st_size


def beside(path: Path) -> Checkpointer:
    return Checkpointer(sqlite3.connect(path, isolation_level=None, check_same_thread=False))


def test_a_long_log_is_taken_over_while_the_writer_goes_on(writer: sqlite3.Connection, path: Path) -> None:
    before = size(path)
    one = beside(path)
    writer.execute("BEGIN IMMEDIATE")  # it holds nobody up, and nobody holds it up
    writer.execute("INSERT INTO rows VALUES ('open')")
    one.note(checkpointer.EARLY)
    one.close()
    writer.execute("COMMIT")
    assert size(path) > before + 50 * 3_000


def test_a_short_log_is_left_alone(writer: sqlite3.Connection, path: Path) -> None:
    before = size(path)
    one = beside(path)
    one.note(checkpointer.EARLY - 1)
    one.close()
    assert size(path) == before


def test_the_next_turn_comes_when_the_log_began_anew_and_grew_again(
    writer: sqlite3.Connection, path: Path
) -> None:
    one = beside(path)
    one.note(10_000)
    one._jobs.put(20_000)  # done in order: behind it the first one is
    one.close()
    (pages,) = writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1:2]
    assert one._next == 20_000 + checkpointer.LOG - pages + checkpointer.EARLY


def test_a_disk_that_refuses_is_noted_and_tried_again_later(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    gone = sqlite3.connect(path, check_same_thread=False)
    gone.close()
    one = Checkpointer(gone)
    one.note(checkpointer.EARLY)
    one.close()
    assert "the log was not taken over: ProgrammingError" in caplog.text
    assert one._next == 2 * checkpointer.EARLY
    assert not one._busy


async def test_a_store_takes_its_log_over_beside_its_commits(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(checkpointer, "EARLY", 50)
    store = SqliteStore.open(path)
    store._written.execute("PRAGMA wal_autocheckpoint = 0")
    await fill(store)
    before = size(path)
    for _ in range(100):
        await store.commit(EVENT)
    store._checkpointer.close()
    assert size(path) > before + 20 * 1_000
    assert len(await store.events_after(0, 1_000)) == 100
    await store.close()
    assert [file.name for file in path.parent.iterdir()] == ["some.db"]  # no log is left beside it
