"""A process that revokes one session after the other, some of them in commits that conflict.

Run as `python revoking_process.py ADDRESS NAME COUNT`: writes the values that were acknowledged, one a line.
"""

import asyncio
import sys

from tests.stores import open_at

from gatepass.auth import Conflict, Revoked, UserIsAt, revocations


async def revoke(address: str, name: str, count: int) -> None:
    store = await open_at(address)

    async def one(number: int) -> None:
        value = f"{name}-{number}"
        changes = [Revoked(revocations.session_ended(value, "user-ada", now=1.0))]
        guard = [UserIsAt("user-none", 0)] if number % 5 == 4 else []
        try:
            await store.commit(*changes, *guard)
        except Conflict:
            return
        sys.stdout.write(value + "\n")

    for first in range(0, count, 8):
        await asyncio.gather(*(one(number) for number in range(first, min(first + 8, count))))
    await store.close()


asyncio.run(revoke(sys.argv[1], sys.argv[2], int(sys.argv[3])))
