"""Who waits for the end of a pass: woken by what concerns them, on any number of event loops."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from tests.unit.verifier.feed_world import principal
from tests.unit.verifier.world import until

from gatepass.verifier.waiters import Waiters

if TYPE_CHECKING:
    from gatepass.verifier import Principal

LONG = 30.0  # seconds that nobody is meant to wait here


class Ended:
    """Sessions that ended; says whether that concerns a user."""

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.looks = 0

    def __call__(self, user: Principal) -> bool:
        self.looks += 1
        return user.session in self.sessions


async def test_a_change_wakes_whom_it_concerns_and_nobody_else() -> None:
    ended = Ended()
    waiters = Waiters(ended)
    kicked = asyncio.create_task(waiters.wait(principal(session="kicked"), within=LONG))
    stays = asyncio.create_task(waiters.wait(principal(session="stays"), within=LONG))
    await asyncio.sleep(0)
    ended.sessions.add("kicked")
    await asyncio.to_thread(waiters.ring)
    await kicked
    assert not stays.done()
    stays.cancel()
    await asyncio.gather(stays, return_exceptions=True)
    assert not waiters._waiting  # nobody is left behind


async def test_what_changed_just_before_is_not_missed() -> None:
    ended = Ended()
    ended.sessions.add("kicked")
    await Waiters(ended).wait(principal(session="kicked"), within=LONG)


async def test_nobody_waits_longer_than_they_said() -> None:
    waiters = Waiters(Ended())
    await waiters.wait(principal(), within=0.01)
    assert not waiters._waiting


async def test_every_loop_is_told_and_one_that_was_closed_hinders_nobody() -> None:
    ended = Ended()
    waiters = Waiters(ended)
    closed = asyncio.new_event_loop()
    waiters._waiting[closed]  # somebody waited there
    closed.close()

    def elsewhere() -> None:
        asyncio.run(waiters.wait(principal(session="kicked"), within=LONG))

    threads = [threading.Thread(target=elsewhere) for _ in range(3)]
    for thread in threads:
        thread.start()
    await until(lambda: ended.looks == 3)  # each has looked, so each is registered
    ended.sessions.add("kicked")
    waiters.ring()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    assert list(waiters._waiting) == [closed]


async def test_changes_that_come_faster_than_a_loop_can_look_cost_it_one_look() -> None:
    ended = Ended()
    waiters = Waiters(ended)
    waiting = asyncio.create_task(waiters.wait(principal(session="kicked"), within=LONG))
    await asyncio.sleep(0)
    before = ended.looks
    for _ in range(1_000):
        waiters.ring()  # the loop is busy: with this
    await asyncio.sleep(0)
    assert ended.looks == before + 1
    ended.sessions.add("kicked")
    waiters.ring()  # the next one is heard as ever
    await waiting
