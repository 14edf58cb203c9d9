"""The little logic between what a benchmark measures and what it prints."""

import pytest
from benchmarks.verifier.kicks import Crowd, shared_out
from benchmarks.verifier.percentile import percentile


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.99, 7.0),
        ([3.0, 1.0, 2.0, 4.0], 0.5, 2.0),
        ([3.0, 1.0, 2.0, 4.0], 0.0, 1.0),
        ([3.0, 1.0, 2.0, 4.0], 1.0, 4.0),
        ([float(each) for each in range(1, 101)], 0.99, 99.0),
        ([float(each) for each in range(1, 1_001)], 0.99, 990.0),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: list[float], share: float, expected: float
) -> None:
    assert percentile(values, share) == expected


def test_of_nothing_there_is_no_percentile() -> None:
    with pytest.raises(ValueError, match="no percentile"):
        percentile([], 0.5)


def test_verifiers_are_spread_among_bare_streams() -> None:
    (kinds,) = shared_out(Crowd(verifiers=50, bare=950, cores=(0,)))
    places = [place for place, kind in enumerate(kinds) if kind == "verifier"]
    assert places == list(range(19, 1_000, 20))


def test_every_process_gets_its_share() -> None:
    first, second = shared_out(Crowd(verifiers=101, bare=0, cores=(0, 1)))
    assert (first, second) == (["verifier"] * 51, ["verifier"] * 50)
