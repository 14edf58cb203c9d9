"""Takes the write-ahead log over into the file, beside the commits.

Whichever commit finds the log long enough takes it over before it is done, and all that wait for it wait for
the pages of thousands of others. So most of them are taken over here beforehand, in a thread and on a
connection of its own, while commits go on behind them in the log. What came meanwhile is little; the next
commit that finds the log long enough takes that over, and the log begins anew.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from queue import SimpleQueue
from typing import Final

_log = logging.getLogger(__name__)

LOG: Final = 8_000
"""Pages of the log, 4 KB each, from which a commit takes them over.

Refreshes hit pages at random, and one that was written often meanwhile is taken over once.
"""
EARLY: Final = 7_000
"""Pages from which they are taken over here."""


class Checkpointer:
    """Owns a connection. `note` is the writer's thread's, one at a time."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._next = EARLY
        self._busy = False  # set where a job is given, taken back where it is done
        self._jobs: SimpleQueue[int | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="gatepass-sqlite-checkpointer", daemon=True)
        self._thread.start()

    def note(self, changed: int) -> None:
        """Say how many rows were changed so far: about as many as pages went into the log."""
        if changed >= self._next and not self._busy:
            self._busy = True
            self._jobs.put(changed)

    def close(self) -> None:
        """Finish what is under way, and close the connection."""
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while (changed := self._jobs.get()) is not None:
            # The log begins anew when it has LOG pages.
            self._next = changed + max(LOG - self._take_over(), 0) + EARLY
            self._busy = False

    def _take_over(self) -> int:
        """Give how many pages are in the log."""
        try:
            _, pages, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:  # a full disk: commits hear of it too, and try it themselves
            _log.info("the log was not taken over: %s", type(error).__name__)
            return LOG
        return int(pages)
