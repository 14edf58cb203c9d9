"""The event log is written out as JSON lines: by one process at a time, whichever committed the events.

The place up to which it was written is kept beside the log, with whose turn it is. So a restart loses
nothing and repeats nothing, the command line's events are there too, and where a process dies another one
goes on. Only between writing and noting that can a kill repeat lines: in a file its own last line tells,
so there none is; on standard output a reader who cares compares `seq`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gatepass.auth import AuthError, Conflict, Export, ExportMoved, json_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from gatepass.auth import RecordedEvent, Store
    from gatepass.server.event_outlets import Outlet

_LOG: Final = logging.getLogger("gatepass.server")

PIECE: Final = 500
"""Lines in one go: some milliseconds."""
TURN: Final = 60.0
"""Seconds after which another process goes on, where the one that writes says nothing any more."""
LOOK: Final = 0.5
"""Seconds between two looks for new events."""
AGAIN: Final = 5.0
"""Seconds until the next attempt after a failure."""


class EventExport:
    """Writes the log to an outlet, whenever it is this process's turn. `name` is this process's alone."""

    def __init__(self, store: Store, outlet: Outlet, *, name: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._outlet = outlet
        self._name = name
        self._clock = clock

    async def run(self) -> None:
        """Write, for ever; when cancelled, finish what is under way and what is left, and let another process
        have its turn."""
        try:
            while True:
                if not await self._tried():
                    await asyncio.sleep(LOOK)
        finally:
            with suppress(AuthError, OSError):
                while await self.step():
                    pass
            with suppress(AuthError):
                await self._give_up()

    async def step(self) -> bool:
        """Write a piece of what is new; say whether there is more. Raises `AuthError`, `OSError`."""
        try:
            export = await self._turn()
            if export is None:
                return False
            events = await self._store.events_after(export.place, PIECE)
            if not events:
                return False
            await _to_the_end(self._write_and_note(export, events))
        except Conflict:
            return False  # it is another one's turn by now
        return len(events) == PIECE

    async def _turn(self) -> Export | None:
        """Take the turn, or keep it; None while it is another process's."""
        export = await self._store.event_export()
        now = self._clock()
        if export.holder not in (None, self._name) and now < export.until:
            return None
        if export.holder == self._name and now < export.until - TURN / 2:
            return export
        place = export.place
        if export.holder != self._name:
            place = max(place, await self._written())
        taken = Export(place, self._name, now + TURN)
        await self._store.commit(ExportMoved(export, taken))
        return taken

    async def _written(self) -> int:
        """Say which place the outlet itself has reached: further than was noted where a process was killed.

        Only a line that is this log's own counts: the file may be an older database's.
        """
        line = await asyncio.to_thread(self._outlet.last_line)
        seq = _seq(line)
        found = await self._store.events_after(seq - 1, 1)
        return seq if found and json_line(found[0]) == line else 0

    async def _write_and_note(self, export: Export, events: Sequence[RecordedEvent]) -> None:
        await asyncio.to_thread(self._write, events)
        after = Export(events[-1].seq, self._name, self._clock() + TURN)
        await self._store.commit(ExportMoved(export, after))

    def _write(self, events: Sequence[RecordedEvent]) -> None:
        self._outlet.write(b"".join(json_line(recorded) for recorded in events))

    async def _tried(self) -> bool:
        try:
            return await self.step()
        except (AuthError, OSError) as error:
            why = error.code if isinstance(error, AuthError) else error.strerror or str(error)
            _LOG.error("events can't be written out: %s; they wait in the database", why)
            with suppress(AuthError):
                await self._give_up()  # another process may have more luck
            await asyncio.sleep(AGAIN)
            return False

    async def _give_up(self) -> None:
        export = await self._store.event_export()
        if export.holder == self._name:
            await self._store.commit(ExportMoved(export, Export(export.place, None, 0.0)))


async def _to_the_end(work: Coroutine[object, object, None]) -> None:
    """Do something that is not broken off: who is cancelled meanwhile ends when it is done.

    A thread goes on writing in any case, and what it wrote would be written once more if nobody noted it.
    """
    under_way = asyncio.ensure_future(work)
    try:
        await asyncio.shield(under_way)
    except asyncio.CancelledError:
        await asyncio.gather(under_way, return_exceptions=True)
        raise


def _seq(line: bytes | None) -> int:
    digits = (line or b"").removeprefix(b'{"seq":').partition(b",")[0]
    return int(digits) if digits.isdigit() and len(digits) < 16 else 0
