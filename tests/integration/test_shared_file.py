"""Several processes on one SQLite file: none takes anything away from the others."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

from gatepass.storage import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

VISIT = """
import asyncio, sys
from gatepass.storage import SqliteStore
asyncio.run(SqliteStore.open(sys.argv[1]).close())
"""


async def test_a_process_that_leaves_does_not_take_the_log_of_one_with_two_connections(
    tmp_path: Path,
) -> None:
    """The last to leave deletes the write-ahead log; who is last is told by locks that must still be held."""
    path = tmp_path / "gatepass.db"
    first = SqliteStore.open(path)
    second = SqliteStore.open(path)
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", VISIT, str(path)], check=True)
    assert (tmp_path / "gatepass.db-wal").exists()
    await second.close()
    await first.close()
    assert not (tmp_path / "gatepass.db-wal").exists()
