"""One number out of many."""

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 … 1) of all do not exceed, by the nearest rank."""
    if not values:
        raise ValueError("of nothing there is no percentile")
    ordered = sorted(values)
    rank = -int(-share * len(ordered) // 1)  # rounded up
    return ordered[max(rank, 1) - 1]
