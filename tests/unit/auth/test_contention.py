"""A use case that is overtaken decides again; one that is always overtaken says so in the end."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import NOW, add, log_in, next_tokens, open_auth, tokens_for

from gatepass.auth import (
    Auth,
    Change,
    Conflict,
    Contended,
    Event,
    EventKind,
    EventRecorded,
    Secret,
    SessionId,
    TooManyAttempts,
    usecases,
)
from gatepass.auth.usecases._tries import TRIES
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import LoggedIn, Tokens

HOUR = 3600


class Overtaking(MemoryStore):
    """Raises so many conflicts that nothing explains."""

    conflicts = 0

    async def commit(self, *changes: Change) -> None:
        if self.conflicts:
            self.conflicts -= 1
            raise Conflict(changes[0])
        await super().commit(*changes)


class House:
    def __init__(self, auth: Auth, store: Overtaking, came: LoggedIn, tokens: Tokens) -> None:
        self.auth, self.store, self.came, self.tokens = auth, store, came, tokens


@pytest.fixture
async def house() -> House:
    store = Overtaking()
    auth = await open_auth(store)
    await add(auth)
    came = await log_in(auth)
    await log_in(auth)
    return House(auth, store, came, await tokens_for(auth, came))


ORDERS: dict[str, Callable[[House], Awaitable[object]]] = {
    "define_role": lambda h: usecases.define_role(h.auth, name="doctor", permissions=(), now=NOW),
    "disable_user": lambda h: usecases.disable_user(h.auth, email="ada@example.org", actor="cli", now=NOW),
    "end_other_sessions": lambda h: usecases.end_other_sessions(h.auth, session=h.came.session, now=NOW),
    "end_session": lambda h: usecases.end_session(h.auth, sid=h.came.session.sid, actor="cli", now=NOW),
    "issue_tokens": lambda h: tokens_for(h.auth, h.came),
    "log_out": lambda h: usecases.log_out(h.auth, session=h.came.session, actor="cli", now=NOW),
    "keep_keys": lambda h: usecases.keep_keys(h.auth, now=NOW + 100 * 24 * HOUR),
    "refresh": lambda h: next_tokens(h.auth, h.tokens, now=NOW),
    "rotate_keys": lambda h: usecases.rotate_keys(h.auth, now=NOW),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS.keys())
async def test_overtaken_a_few_times_it_succeeds_and_always_overtaken_it_gives_up(
    house: House, order: Callable[[House], Awaitable[object]]
) -> None:
    house.store.conflicts = 1000
    with pytest.raises(Contended):
        await order(house)
    assert house.store.conflicts == 1000 - TRIES
    house.store.conflicts = TRIES - 2  # keeping keys needs one look more, to see that nothing is due
    await order(house)
    assert house.store.conflicts == 0


async def test_a_log_in_that_is_overtaken_verifies_the_password_again(house: House) -> None:
    class AfterTheCharge(Overtaking):
        async def commit(self, *changes: Change) -> None:
            if self.conflicts and any(isinstance(change, EventRecorded) for change in changes):
                self.conflicts -= 1
                raise Conflict(changes[0])
            await MemoryStore.commit(self, *changes)

    store = AfterTheCharge()
    auth = await open_auth(store)
    await add(auth)
    store.conflicts = 1000
    with pytest.raises(Contended):
        await log_in(auth)
    store.conflicts = TRIES - 1
    await log_in(auth)


async def test_a_charge_that_is_refused_waits_a_second_at_least(house: House) -> None:
    house.store.conflicts = 1
    with pytest.raises(TooManyAttempts) as refused:
        await log_in(house.auth)
    assert refused.value.retry_after >= 1


def test_what_holds_secrets_shows_and_pickles_none() -> None:
    session_id = SessionId("gps_" + "A" * 43)
    kek = Secret(b"k" * 32)
    for secret in (session_id, kek):
        assert "AAAA" not in repr(secret)
        with pytest.raises(TypeError):
            pickle.dumps(secret)
        with pytest.raises(TypeError):
            copy.deepcopy(secret)
    event = EventRecorded(Event(NOW, EventKind.LOGGED_IN))
    assert str(Conflict(event)) == "EventRecorded no longer holds"
