"""How old the view is, by this machine's clock, although two machines' clocks differ."""

from __future__ import annotations

from typing import Final

WINDOW: Final = 300.0
"""Seconds after which an observed difference of the clocks is on its way to be forgotten: clocks drift, and
are set."""


class Age:
    """When the view was last true, in this machine's time.

    Nothing can be heard before it is true. So the least difference seen between hearing a page and its
    being true (`true_at`, the issuer's clock) is how far the two clocks differ, plus the shortest way. It is
    believed up to the leeway. So a path that delays everything alike can hide the leeway and nothing more
    where the clocks agree, and twice that where this one is behind by all of it.
    """

    def __init__(self, *, leeway: float) -> None:
        self.heard_at = float("-inf")
        """Seconds since the epoch."""
        self._leeway = leeway
        self._least = self._least_before = float("inf")
        self._window_ends = float("-inf")
        self._clocks: tuple[float, float] | None = None

    @property
    def skew(self) -> float | None:
        """How far this clock is ahead of the issuer's, in seconds; None while nothing was heard."""
        least = min(self._least, self._least_before)
        return None if least == float("inf") else least

    def heard(self, true_at: float, *, now: float) -> None:
        """Take note that something true at `true_at` was heard `now`; both in seconds since the epoch."""
        difference = now - true_at
        if not now < self._window_ends <= now + WINDOW:
            self._least_before, self._least = self._least, difference
            self._window_ends = now + WINDOW
        self._least = min(self._least, difference)
        skew = min(self._least, self._least_before)
        believed = min(max(skew, -self._leeway), self._leeway)
        # A page from a cache may be older than what was heard before it; the view is not.
        self.heard_at = max(self.heard_at, now - max(difference - believed, 0.0))

    def resume(self, heard_at: float, *, true_at: float, now: float) -> None:
        """Take over what an earlier process heard; never younger than the leeway allows."""
        self.heard_at = min(heard_at, true_at + self._leeway, now)

    def watch(self, *, now: float, monotonic: float) -> None:
        """Notice a clock that was set back: the view is not younger for it.

        Set forward, or after a sleep of the machine, it counts as older, which is the safe side.
        """
        if self._clocks is not None:
            jump = (now - self._clocks[0]) - (monotonic - self._clocks[1])
            if jump < -1:
                self.heard_at += jump
        self._clocks = (now, monotonic)
