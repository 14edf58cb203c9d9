"""Questions to Auth: a crowd reads the metadata once, whether that works or not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.unit.verifier.test_watch import Line

from gatepass.testing import FakeIssuer
from gatepass.verifier import Document, FetchFailed, Follower, Unavailable
from gatepass.verifier.asking import Asking
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
    async with asyncio.timeout(5):
        assert (await waiting).reason == "revoked_sid"
    await either.close()
