"""One commit on one connection: its statements go out together, and are looked at before COMMIT does.

So a commit costs two trips to the database however many statements it has, and one where it has one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import psycopg

from gatepass.auth import Conflict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gatepass.storage.postgres.steps import Step

Connection: TypeAlias = psycopg.AsyncConnection[Any]
Cursor: TypeAlias = psycopg.AsyncCursor[Any]


async def execute(connection: Connection, steps: Sequence[Step]) -> None:
    """Execute all or nothing, on a connection in autocommit.

    Raises `Conflict`, `psycopg.Error`; then nothing was written, unless it was COMMIT that failed.
    """
    if len(steps) == 1:
        await _alone(connection, steps[0])
        return
    cursors: list[Cursor] = []
    try:
        await _send(connection, steps, cursors)
    except Exception as error:
        _judge(steps, cursors, error)
        raise
    else:
        _judge(steps, cursors, None)
        await connection.execute("COMMIT")
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE and not connection.broken:
            await connection.execute("ROLLBACK")


async def _alone(connection: Connection, step: Step) -> None:
    cursor = connection.cursor()
    try:
        await cursor.execute(step.statement.encode(), step.values)
    except psycopg.IntegrityError:
        raise Conflict(step.change) from None
    if step.expects and cursor.rowcount != 1:
        raise Conflict(step.change)


async def _send(connection: Connection, steps: Sequence[Step], cursors: list[Cursor]) -> None:
    async with connection.pipeline():
        await connection.execute("BEGIN")
        for step in steps:
            cursor = connection.cursor()
            cursors.append(cursor)
            await cursor.execute(step.statement.encode(), step.values)


def _judge(steps: Sequence[Step], cursors: Sequence[Cursor], error: Exception | None) -> None:
    """Name the first change whose expectation does not hold. Raises `Conflict`."""
    for step, cursor in zip(steps, cursors, strict=False):
        if cursor.pgresult is None:  # the one that failed: those behind it were not executed
            if isinstance(error, psycopg.IntegrityError):
                # Something it adds is there already, or what it belongs to is not.
                raise Conflict(step.change) from None
            return
        if step.expects and cursor.rowcount != 1:
            raise Conflict(step.change)
