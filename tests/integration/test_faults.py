"""Faults of the line, of Auth, of the key set and of the clock, with real processes: what is promised holds.

The long ones are `python -m benchmarks.faults`.
"""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.integration.conftest import PATIENCE
from tests.integration.faults.load import Load
from tests.integration.faults.load import Seen as Request
from tests.integration.faults.trial import STAYS, Seen, killed, spoiled_keys, spoiled_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Site

pytestmark = pytest.mark.xdist_group("auth")

CONTRACT = 7  # seconds: a little above Auth's heartbeat of five
LASTS = CONTRACT + 2.0  # so long that the contract ends before the fault does

LINES: dict[str, Callable[[Site], Seen]] = {
    "feed cut": lambda site: line(site, "cut"),
    "line silent": lambda site: line(site, "silent"),
    "a byte a second": lambda site: line(site, "a byte a second"),
    "feed cut, the Service's clock 20 s behind": lambda site: line(site, "cut", clock_offset=-20),
    "feed cut, the Service's clock 20 s ahead": lambda site: line(site, "cut", clock_offset=20),
    "feed cut, two children forked after first use": lambda site: line(site, "cut", children=2),
    "key set spoiled": lambda site: spoiled_keys(
        site,
        ["500", "garbage", "100 MB", "a byte a second", "redirect"],
        name="key set spoiled",
        lasts=0.5,
        max_staleness=2 * PATIENCE,  # so that no heartbeat that comes late on a slow machine is a 503
    ),
}


def line(site: Site, fault: str, **named: float) -> Seen:
    return spoiled_line(site, fault, name=fault, lasts=LASTS, max_staleness=CONTRACT, **named)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def seen(site: Site) -> dict[str, Seen]:
    """Let all happen at once, each to a Service of its own: they wait most of the time."""
    with ThreadPoolExecutor(len(LINES)) as pool:
        running = {name: pool.submit(trial, site) for name, trial in LINES.items()}
        return {name: one.result() for name, one in running.items()}


@pytest.mark.parametrize("fault", LINES)
def test_nobody_is_let_in_past_the_contract_and_nobody_waits(seen: dict[str, Seen], fault: str) -> None:
    found = seen[fault]
    found.judge()
    if fault != "key set spoiled":
        assert found.load.of(STAYS, status=503), "the contract ended before the fault did"


def test_a_spoiled_key_set_is_no_news_and_the_feed_goes_on(seen: dict[str, Seen]) -> None:
    found = seen["key set spoiled"]
    assert found.met == {"500", "garbage", "100 MB", "a byte a second", "redirect"}
    assert {one.status for one in found.load.of(STAYS)} == {200}


def test_both_children_follow_by_themselves(seen: dict[str, Seen]) -> None:
    found = seen["feed cut, two children forked after first use"]
    assert len({one.process for one in found.load.of(STAYS, status=200)}) == 2
    assert found.has_recovered


def test_auth_killed_under_load_and_started_again(site: Site) -> None:
    found = killed(site, signal.SIGKILL, name="Auth killed", lasts=LASTS, max_staleness=CONTRACT)
    found.judge()
    assert found.load.of(STAYS, status=503)


def test_the_judge_is_awake() -> None:
    """A Service that lets the kicked-out user in too long, or refuses the other one, is found out."""
    load = Load.__new__(Load)
    good = [Request(10, 0.1, STAYS, 200, "1"), Request(10, 0.1, "kicked", 401, "1")]
    for bad in (
        Request(9, 0.1, "kicked", 200, "1"),
        Request(1, 0.1, STAYS, 401, "1"),
        Request(1, 0.1, STAYS, 0, ""),
        Request(1, 15.0, STAYS, 503, ""),
    ):
        load.seen = [bad, *good]
        with pytest.raises(AssertionError):
            Seen("", load, max_staleness=7, kicked_at=1).judge()
    load.seen = good
    Seen("", load, max_staleness=7, kicked_at=1).judge()
