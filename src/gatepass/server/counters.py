"""How many requests there were, by route, for demos and tests: counted where they happen."""

from __future__ import annotations

from collections import Counter


class Counters:
    """Counts requests per route template, such as `GET /api/sessions`."""

    def __init__(self) -> None:
        self._by_route: Counter[str] = Counter()

    def count(self, label: str) -> None:
        """Count one request."""
        self._by_route[label] += 1

    def by_route(self) -> dict[str, int]:
        """Give the counts, each route's own."""
        return dict(self._by_route)

    def total(self) -> int:
        """Give the count of all requests."""
        return self._by_route.total()
