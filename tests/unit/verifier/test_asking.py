"""Questions to Auth: a crowd reads the metadata once, whether that works or not."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest
from tests.unit.verifier.watched import Line
from tests.unit.verifier.world import PATIENCE

from gatepass.testing import FakeIssuer
from gatepass.verifier import (
    Document,
    FetchFailed,
    Follower,
    Freshness,
    SessionVerifier,
    Unavailable,
    Verifier,
)
from gatepass.verifier.asking import WARN_EVERY, Asking
from gatepass.verifier.issuer import Issuer

if TYPE_CHECKING:
    from tests.unit.verifier.world import Clock


class SlowLine(Line):
    """Takes its time to read a document, so that a crowd gathers."""

    def __init__(self, issuer: FakeIssuer) -> None:
        super().__init__(issuer)
        self.read = 0

    async def get(self, url: str, *, patience: float = 0) -> Document:
        self.read += 1
        await asyncio.sleep(0.01)
        document: Document = await super().get(url, patience=patience)
        return document


def asking(line: SlowLine, issuer: FakeIssuer) -> Asking:
    return Asking(
        Issuer(issuer.issuer, algorithms=frozenset()), endpoint="session_check_endpoint", make_fetch=line
    )


async def test_a_crowd_reads_the_metadata_once(clock: Clock) -> None:
    issuer = FakeIssuer(clock=clock)
    line = SlowLine(issuer)
    asks = asking(line, issuer)
    await asyncio.gather(*(asks.ask(issuer.session()) for _ in range(20)))
    assert (line.read, line.asked, line.made) == (1, 20, 1)
    await asks.close()


async def test_a_crowd_that_cannot_read_it_does_not_try_one_after_the_other(clock: Clock) -> None:
    issuer = FakeIssuer(clock=clock)
    line = SlowLine(issuer)
    asks = asking(line, issuer)
    issuer.down = True
    found = await asyncio.gather(*(asks.ask(issuer.session()) for _ in range(20)), return_exceptions=True)
    assert {type(one) for one in found} == {FetchFailed}
    assert line.read == 1
    issuer.down = False
    await asks.ask(issuer.session())  # who comes later tries again
    await asks.close()


async def test_a_thread_does_not_wait_for_ever_for_a_follower_that_hangs(
    clock: Clock, follower: Follower
) -> None:
    issuer = FakeIssuer(clock=clock)
    checks = issuer.session_verifier(follower=follower, timeout=0.01)
    line = Line(issuer)
    line.silent = True
    checks._asking._make_fetch = line
    with pytest.raises(Unavailable) as refusal:
        await asyncio.to_thread(checks.check_waiting, issuer.session())
    assert refusal.value.reason == "timed_out"
    await checks.close()


@pytest.mark.parametrize("mode", ["token", "session"])
async def test_both_modes_at_once_go_each_to_its_own(clock: Clock, mode: str) -> None:
    issuer = FakeIssuer(clock=clock)
    either = issuer.either_verifier()
    await either.ready()
    shown = issuer.token(sid="s1") if mode == "token" else issuer.session(sid="s1")
    principal = await asyncio.to_thread(either.check_waiting, shown)
    assert principal.mode == mode
    waiting = asyncio.create_task(either.end_of(principal))
    await asyncio.sleep(0)
    await asyncio.to_thread(issuer.kick, "s1")
    async with asyncio.timeout(PATIENCE):
        assert (await waiting).reason == "revoked_sid"
    await either.close()


@pytest.mark.parametrize("mode", ["token", "session"])
async def test_a_crowd_in_an_outage_is_one_warning_in_ten_seconds(
    clock: Clock, follower: Follower, caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    caplog.set_level(logging.INFO, "gatepass.verifier")
    issuer = FakeIssuer(clock=clock)
    checks: Verifier | SessionVerifier
    if mode == "token":
        checks = issuer.verifier(follower=follower)
        await checks.ready()
        ask, shown = Freshness(max_staleness=1, on_stale="ask"), issuer.token()
    else:
        checks = issuer.session_verifier(follower=follower)
        ask, shown = Freshness(), issuer.session()
    issuer.down = True
    clock.pass_by(2)

    async def warned() -> list[str]:
        caplog.clear()
        for _ in range(20):
            with pytest.raises(Unavailable):
                await checks.check(shown, freshness=ask)
        asked = [record for record in caplog.records if record.getMessage().startswith("cannot ask")]
        assert len(asked) == 20  # at the level of info each is there
        return [record.levelname for record in asked if record.levelno >= logging.WARNING]

    assert await warned() == ["WARNING"]
    clock.pass_by(WARN_EVERY - 0.1)
    assert await warned() == []
    clock.pass_by(0.1)
    assert await warned() == ["WARNING"]
    await checks.close()


def test_a_clock_that_was_set_back_keeps_no_warning_away(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = FakeIssuer(clock=clock)
    asks = asking(SlowLine(issuer), issuer)
    for now in (1_000, 1_001, 400):
        asks.failed("unreachable", now=now)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
