"""Finding one's way in the event log: parts, filters, and the place of a moment."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from tests.unit.auth.house import NOW, add, make_auth

from gatepass.auth import Auth, Event, EventFilter, EventKind, EventRecorded, NotPermitted, Purged, usecases
from gatepass.auth.usecases.list_events import LOOKED_AT

DAY = 86_400


async def log(auth: Auth, count: int, *, every: float = 1.0) -> None:
    kinds = (EventKind.LOGGED_IN, EventKind.LOGGED_OUT)
    await auth.store.commit(
        *(EventRecorded(Event(NOW + i * every, kinds[i % 2], f"user-{i % 3}")) for i in range(count))
    )


async def parts(auth: Auth, **wanted: Any) -> list[list[int]]:
    """Read to the end."""
    found, after = [], None
    while True:
        part = await usecases.list_events(
            auth, actor="cli", wanted=EventFilter(**wanted), after=after, limit=4
        )
        found.append([recorded.seq for recorded in part.events])
        if part.at_end:
            return found
        after = part.reached


async def test_parts_follow_each_other_without_a_gap() -> None:
    auth = make_auth()
    await log(auth, 10)
    assert await parts(auth) == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert await parts(auth, kind=EventKind.LOGGED_OUT) == [[2, 4, 6, 8], [10]]
    assert await parts(auth, user_id="user-0") == [[1, 4, 7, 10], []]


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 100])
async def test_a_moment_is_found_however_long_the_log_is(count: int) -> None:
    auth = make_auth()
    await log(auth, count, every=DAY)
    for since in range(count + 1):
        found = await parts(auth, since=NOW + since * DAY)
        assert list(chain(*found)) == list(range(since + 1, count + 1))
    assert await usecases.last_place(auth, actor="cli") == count


async def test_a_moment_is_found_in_a_log_whose_beginning_is_gone() -> None:
    auth = make_auth()
    await log(auth, 50, every=DAY)
    await auth.store.commit(Purged(NOW, NOW, NOW, NOW + 20 * DAY, 100))
    assert list(chain(*await parts(auth))) == list(range(22, 51))
    assert list(chain(*await parts(auth, since=NOW + 30 * DAY))) == list(range(31, 51))


async def test_little_of_much_is_looked_for_in_bounded_pieces() -> None:
    auth = make_auth()
    await log(auth, 2 * LOOKED_AT + 2)
    await auth.store.commit(EventRecorded(Event(NOW, EventKind.KEY_ADDED)))
    assert await parts(auth, kind=EventKind.KEY_ADDED) == [[], [], [2 * LOOKED_AT + 3]]


async def test_only_an_administrator_sees_it() -> None:
    auth = make_auth()
    ann, root = await add(auth), await add(auth, "root@example.org", permissions=["gatepass:admin"])
    with pytest.raises(NotPermitted):
        await usecases.list_events(auth, actor=ann, wanted=EventFilter())
    with pytest.raises(NotPermitted):
        await usecases.last_place(auth, actor=ann)
    assert (await usecases.list_events(auth, actor=root, wanted=EventFilter())).events
