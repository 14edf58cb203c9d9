"""How old the view is, whatever the two clocks say and however long the way was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.verifier.world import NOW

from gatepass.verifier.age import WINDOW, Age

LEEWAY = 30.0


def test_nothing_heard_is_endlessly_old() -> None:
    age = Age(leeway=LEEWAY)
    assert age.heard_at == float("-inf")
    assert age.skew is None


@pytest.mark.parametrize("offset", [-20.0, 0.0, 20.0], ids=["behind", "together", "ahead"])
def test_clocks_that_differ_by_less_than_the_leeway_make_no_view_older(offset: float) -> None:
    age = Age(leeway=LEEWAY)
    age.heard(NOW, now=NOW + offset)
    assert age.heard_at == NOW + offset
    assert age.skew == offset


def test_beyond_the_leeway_the_difference_counts_as_age() -> None:
    age = Age(leeway=LEEWAY)
    age.heard(NOW, now=NOW + 100)
    assert age.heard_at == NOW + LEEWAY


def test_an_old_page_makes_the_view_neither_younger_nor_older() -> None:
    age = Age(leeway=LEEWAY)
    age.heard(NOW, now=NOW)
    age.heard(NOW - 50, now=NOW + 10)
    assert age.heard_at == NOW


def test_a_heartbeat_that_a_relay_repeats_lets_the_view_age_less_the_leeway() -> None:
    age = Age(leeway=LEEWAY)
    for second in range(0, 3_600, 5):
        age.heard(NOW, now=NOW + second)
    assert age.heard_at <= NOW + LEEWAY


def test_a_difference_is_forgotten_when_the_clock_was_set_right() -> None:
    age = Age(leeway=LEEWAY)
    age.heard(NOW, now=NOW - 20)
    for second in range(1, int(2 * WINDOW) + 2, 10):  # our clock is right from here on
        age.heard(NOW + second, now=NOW + second)
    assert age.skew == 0
    assert age.heard_at == NOW + second


def test_a_clock_that_was_set_back_makes_no_view_younger() -> None:
    age = Age(leeway=LEEWAY)
    age.watch(now=NOW, monotonic=0)
    age.heard(NOW, now=NOW)
    age.watch(now=NOW - 3_590, monotonic=10)  # ten seconds later, an hour earlier
    assert NOW - 3_590 - age.heard_at == 10


def test_a_clock_that_was_set_forward_makes_the_view_older() -> None:
    age = Age(leeway=LEEWAY)
    age.watch(now=NOW, monotonic=0)
    age.heard(NOW, now=NOW)
    age.watch(now=NOW + 3_600, monotonic=1)
    assert age.heard_at == NOW


def test_small_corrections_of_a_clock_are_no_jump() -> None:
    age = Age(leeway=LEEWAY)
    age.watch(now=NOW, monotonic=0)
    age.heard(NOW, now=NOW)
    age.watch(now=NOW + 9.5, monotonic=10)
    assert age.heard_at == NOW


@pytest.mark.parametrize(
    ("heard_at", "true_at", "now", "expected"),
    [
        (NOW, NOW, NOW + 60, NOW),
        (NOW + 900, NOW, NOW + 60, NOW + LEEWAY),  # what the file says is believed up to the signature
        (NOW + 20, NOW, NOW + 5, NOW + 5),  # never heard in the future: the clock was set back meanwhile
    ],
    ids=["as kept", "younger than signed", "in the future"],
)
def test_what_an_earlier_process_heard(heard_at: float, true_at: float, now: float, expected: float) -> None:
    age = Age(leeway=LEEWAY)
    age.resume(heard_at, true_at=true_at, now=now)
    assert age.heard_at == expected


@given(
    offset=st.floats(-LEEWAY, LEEWAY),
    heard=st.lists(st.tuples(st.floats(0.0, 900.0), st.floats(0.0, 400.0)), min_size=1, max_size=40),
    later=st.floats(0.0, 1_000.0),
)
def test_it_never_claims_younger_than_the_truth_less_the_leeway(
    offset: float, heard: list[tuple[float, float]], later: float
) -> None:
    """`heard` are pages: seconds since the one before, and seconds on the way; `offset` is our clock's."""
    age = Age(leeway=LEEWAY)
    moment, truest = NOW, float("-inf")
    for pause, delay in heard:
        moment += pause
        truest = max(truest, moment - delay)
        age.heard(moment - delay, now=moment + offset)
    moment += later
    true_age, claimed = moment - truest, moment + offset - age.heard_at
    # The leeway, and what this clock is behind: a path that delays every page alike looks like clocks that
    # differ.
    assert claimed >= true_age - (LEEWAY - offset) - 0.001


@given(
    offset=st.floats(-LEEWAY, LEEWAY),
    heard=st.lists(st.tuples(st.floats(0.0, 60.0), st.floats(0.0, 400.0)), max_size=40),
)
def test_where_one_page_came_at_once_it_never_claims_younger_than_the_truth(
    offset: float, heard: list[tuple[float, float]]
) -> None:
    age = Age(leeway=LEEWAY)
    age.heard(NOW, now=NOW + offset)
    moment = truest = NOW
    for pause, delay in heard:
        moment += pause
        if moment >= NOW + WINDOW:  # as long as that page is remembered
            break
        truest = max(truest, moment - delay)
        age.heard(moment - delay, now=moment + offset)
        assert moment + offset - age.heard_at >= moment - truest - 0.001
