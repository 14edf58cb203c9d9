"""How fast one session gets tokens: bounded in the memory of each process, where counting writes nothing.

What it keeps off is a full disk: each time leaves a line in the event log and a record. No secret hangs on
it, so a restart may forget it, and several processes may each count for themselves.
"""

from __future__ import annotations

from typing import Final

from gatepass.auth import throttle
from gatepass.auth.errors import TooManyAttempts
from gatepass.auth.throttle import Limit

PACE: Final = Limit(attempts=3_600, window=3_600)
"""Tokens of one session: one a second in the long run, and an hour's worth at once. A client needs one in
minutes; twenty families of a session, each renewed at every change of a role, would have to see three such
changes a minute, all day. Who loops leaves 86,400 lines a day, instead of as many in half a minute."""
_KEPT_AT_LEAST: Final = 1_024
"""Sessions below which nothing is swept."""


class Pace:
    """The numbers (`throttle`) of the sessions that came a moment ago; one that is behind now is no longer
    needed. Only who held good tokens is in it, so no stranger fills it."""

    __slots__ = ("_arrivals", "_sweep_at")

    def __init__(self) -> None:
        self._arrivals: dict[str, float] = {}
        self._sweep_at = _KEPT_AT_LEAST

    def __len__(self) -> int:
        return len(self._arrivals)

    def charge(self, sid: str, *, now: float) -> None:
        """Count one. Raises `TooManyAttempts`; then nothing is counted."""
        arrival = self._arrivals.get(sid, now)
        after: float | None = now + PACE.interval
        # Beyond the ceiling a clock was set back: nobody has to wait until it is there again.
        if now < arrival <= now + PACE.ceiling:
            after = throttle.charged(arrival, PACE, now=now)
        if after is None:
            raise TooManyAttempts(throttle.wait(arrival, PACE, now=now))
        if len(self._arrivals) >= self._sweep_at:
            self._sweep(now)
        self._arrivals[sid] = after

    def _sweep(self, now: float) -> None:
        """Forget who has been quiet; seldom enough that each charge pays for one entry or two."""
        self._arrivals = {sid: arrival for sid, arrival in self._arrivals.items() if arrival > now}
        self._sweep_at = max(_KEPT_AT_LEAST, 2 * len(self._arrivals))
