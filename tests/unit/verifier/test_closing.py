"""Who opens what, and closes it: sessions of the client that asks, and the follower."""

from __future__ import annotations

import asyncio
import gc
import threading

from tests.unit.verifier.watched import ASK, Line, Service
from tests.unit.verifier.world import PATIENCE, Clock, until

from gatepass.testing import FakeIssuer
from gatepass.verifier import Follower


async def test_what_was_opened_to_ask_is_closed_with_the_verifier(clock: Clock, follower: Follower) -> None:
    service = Service(clock, follower)
    await service.checks.ready()
    service.fall_silent(61)
    await service.checks.check(service.issuer.token(), freshness=ASK)
    await service.checks.close()
    await until(lambda: service.line.closed == service.line.made == 3)  # keys, feed, questions


async def test_what_was_opened_to_ask_is_closed_when_the_verifier_is_let_go(
    clock: Clock, follower: Follower
) -> None:
    service = Service(clock, follower)
    await service.checks.ready()
    service.fall_silent(61)
    service.checks.check_waiting(service.issuer.token(), freshness=ASK)
    del service.checks
    gc.collect()
    await until(lambda: service.line.closed == service.line.made == 3)


async def test_what_was_opened_to_ask_is_closed_when_the_follower_stops(clock: Clock) -> None:
    follower = Follower()
    service = Service(clock, follower)
    await service.checks.ready()
    service.fall_silent(61)
    service.checks.check_waiting(service.issuer.token(), freshness=ASK)
    await asyncio.to_thread(follower.stop, timeout=PATIENCE)
    assert service.line.closed == service.line.made == 3


async def test_sessions_that_were_asked_about_in_threads_are_closed_too(
    clock: Clock, follower: Follower
) -> None:
    issuer = FakeIssuer(clock=clock)
    line = Line(issuer)
    sessions = issuer.session_verifier(follower=follower)
    sessions._asking._make_fetch = line
    session = issuer.session()
    assert (await asyncio.to_thread(sessions.check_waiting, session)).subject == "ada"
    assert (await sessions.check(session)).subject == "ada"
    assert line.made == 2  # one pool for each loop
    await sessions.close()
    assert line.closed == 2


async def test_a_follower_that_never_began_is_not_begun_to_close(clock: Clock, follower: Follower) -> None:
    service = Service(clock, follower)
    before = set(threading.enumerate())
    await service.checks.close()
    assert set(threading.enumerate()) <= before
