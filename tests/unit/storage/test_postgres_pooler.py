"""What stands between Auth and PostgreSQL: a pooler that changes the connection under us is refused."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self

import pytest

from gatepass.auth import StorageUnavailable
from gatepass.storage.postgres.pooler import refuse_changing

if TYPE_CHECKING:
    from collections.abc import Iterator


class Connection:
    """One that is told which process it talks to, and then does to one after the other."""

    def __init__(self, told: int, processes: Iterator[int]) -> None:
        self.info = SimpleNamespace(backend_pid=told)
        self._processes = processes

    async def execute(self, _: str) -> Any:
        return SimpleNamespace(fetchone=self._fetchone)

    async def _fetchone(self) -> tuple[int]:
        return (next(self._processes),)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass


# What the first connection is told and then finds, and what another one finds; None: none is made.
STANDS_BETWEEN: dict[str, tuple[int, list[int], list[int] | None, bool]] = {
    "nothing": (7, [7], None, True),
    "a pooler in session mode": (99, [7, 7], [8], True),
    "one that lends both the same, between transactions": (99, [7], [7], False),
    "one that goes round, between transactions": (99, [7, 9], [8], False),
}


@pytest.mark.parametrize(("told", "first", "second", "holds"), STANDS_BETWEEN.values(), ids=STANDS_BETWEEN)
async def test_a_connection_keeps_its_process_or_auth_does_not_start(
    told: int, first: list[int], second: list[int] | None, *, holds: bool
) -> None:
    others: list[Any] = [] if second is None else [Connection(told, iter(second))]

    async def another() -> Any:
        return others.pop()

    connection: Any = Connection(told, iter(first))
    if holds:
        await refuse_changing(connection, another)
    else:
        with pytest.raises(StorageUnavailable, match="session mode"):
            await refuse_changing(connection, another)
    assert not others
