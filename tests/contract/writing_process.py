"""A process that commits sessions one after the other and says which of them were acknowledged.

Run as `python writing_process.py FILE NAME COUNT`: `NAME-0`, `NAME-1`, … until COUNT, or until it is killed.
"""

import asyncio
import hashlib
import sys

from gatepass.auth import Session, SessionStarted
from gatepass.storage import SqliteStore


async def write(path: str, name: str, count: int) -> None:
    store = SqliteStore.open(path)

    async def one(number: int) -> None:
        sid = f"{name}-{number}"
        id_hash = hashlib.sha256(sid.encode()).digest()
        session = Session(id_hash, sid, "user-ada", 3, 1.0, 1.0, 2e9, 2e9, None, None, "", "")
        await store.commit(SessionStarted(session))
        sys.stdout.write(sid + "\n")  # only now: it is acknowledged
        sys.stdout.flush()

    for first in range(0, count, 8):
        await asyncio.gather(*(one(number) for number in range(first, min(first + 8, count))))
    await store.close()


asyncio.run(write(sys.argv[1], sys.argv[2], int(sys.argv[3])))
