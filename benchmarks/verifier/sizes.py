"""How much is measured: all of it, or just enough to see that it runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One run's numbers; times in seconds."""

    check_rounds: int
    page_rounds: int
    page_seconds: float
    users: tuple[int, ...]
    kicks: int
    """How often a session is ended for each number of followers."""
    followers: tuple[int, ...]
    entries: int
    """Live entries in the largest view."""


FULL = Size(
    check_rounds=21,
    page_rounds=5,
    page_seconds=0.6,
    users=(1, 16, 64),
    kicks=20,
    followers=(1, 100, 1_000),
    entries=1_000_000,
)

SHORT = Size(
    check_rounds=3,
    page_rounds=1,
    page_seconds=0.3,
    users=(1, 16),
    kicks=4,
    followers=(1, 50),
    entries=20_000,
)
