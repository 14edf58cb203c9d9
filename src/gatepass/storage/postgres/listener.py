"""The listener: hears on a connection of its own when the revocation feed grows, whoever wrote it.

PostgreSQL delivers a NOTIFY when its commit has taken effect. What comes while the connection is lost is not
delivered later: so whenever it is made anew, and now and then anyway, the head is read.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg

from gatepass.auth import StorageUnavailable
from gatepass.storage.growth import Growth
from gatepass.storage.postgres.deadline import Deadline
from gatepass.storage.postgres.pool import connect
from gatepass.storage.postgres.statements import CHANNEL

if TYPE_CHECKING:
    from gatepass.storage.postgres.transaction import Connection

_log = logging.getLogger(__name__)

LOOK: Final = 5.0
"""Seconds without a word after which the head is read: it also notices a connection that is dead."""
AGAIN: Final = 1.0
"""Seconds between two attempts to connect."""

_HEAD: Final = "SELECT head FROM feed"


class Listener:
    """Knows the head of the feed while somebody waits for it to grow."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given
        self._growth = Growth()
        self._head = 0
        self._deaf = False
        self._task: asyncio.Task[None] | None = None

    async def grew(self, head: int, within: float) -> bool:
        """Wait until the feed has grown beyond `head`, `within` seconds at most."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._listen())
        return await self._growth.wait(lambda: self._head > head, every=within, within=within)

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def seen(self, head: int) -> None:
        """Take note of how far the feed has grown, and wake who waits for that."""
        if head > self._head:
            self._head = head
            self._growth.wake()

    def _stands_at(self, head: int) -> None:
        """Take note of what was read: it may stand further back, on a standby that missed the newest commits
        and was promoted. Who waits would be told all the time that it grew."""
        self._head = min(self._head, head)
        self.seen(head)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await connect(self._given)
                async with connection:
                    await self._hear(connection)
            except (psycopg.Error, StorageUnavailable) as error:
                if not self._deaf:  # once for each outage
                    _log.warning("the feed is not listened to just now: %s", type(error).__name__)
                self._deaf = True
            await asyncio.sleep(AGAIN)

    async def _hear(self, connection: Connection) -> None:
        with Deadline(connection):
            await connection.execute(f"LISTEN {CHANNEL}")  # first: what comes from now on is heard
        while True:
            with Deadline(connection):
                row = await (await connection.execute(_HEAD)).fetchone()
            self._stands_at(0 if row is None else row[0])
            self._deaf = False
            async for notify in connection.notifies(timeout=LOOK):
                self.seen(int(notify.payload))
