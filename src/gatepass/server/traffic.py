"""How requests ended and how long they took, for `GET /metrics`: counted where it happens."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Final

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds of the histogram, in seconds: from a session check to a log-in in a full queue."""


class Taken:
    """How long requests of one operation and status took."""

    __slots__ = ("buckets", "seconds")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0


class Traffic:
    """Requests by operation and status, and refusals by operation and code.

    Operations are rows of the route table, statuses and codes are rows of tables too: nothing that a stranger
    sends makes a new one.
    """

    def __init__(self) -> None:
        self.taken: dict[tuple[str, int], Taken] = {}
        self.refusals: Counter[tuple[str, str]] = Counter()

    def answered(self, label: str, status: int, seconds: float) -> None:
        """Count one request. On the hot path: 0.5 µs."""
        taken = self.taken.get((label, status))
        if taken is None:
            taken = self.taken[label, status] = Taken()
        taken.buckets[bisect_left(BOUNDS, seconds)] += 1
        taken.seconds += seconds

    def refused(self, label: str, code: str) -> None:
        """Count why one request was refused."""
        self.refusals[label, code] += 1
