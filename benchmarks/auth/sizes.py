"""How much is measured: all of it, or just enough to see that it runs. Times in seconds."""

from dataclasses import dataclass

from benchmarks.verifier.processes import LONGEST_RUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One run's numbers."""

    rounds: int
    seconds: float
    """Of one operation of one contender in one round."""
    login_seconds: float
    starts: int
    """How often each contender is started for its starting time."""
    sessions: tuple[int, ...]
    """How many are in the table, for the curve."""
    curve_rounds: int

    @property
    def longest(self) -> int:
        """Seconds after which the run is ended, whatever hangs: full tables take their time."""
        return LONGEST_RUN + sum(self.sessions) * FILLING // 1_000_000


SESSIONS = 10_000
"""In every table where nothing else is said."""
CONNECTIONS = 16

FULL = Size(
    rounds=5, seconds=0.8, login_seconds=1.6, starts=5, sessions=(SESSIONS, 1_000_000), curve_rounds=5
)
SHORT = Size(rounds=1, seconds=0.3, login_seconds=0.6, starts=1, sessions=(SESSIONS, 50_000), curve_rounds=1)

FILLING = 150
"""Microseconds that a session takes at most to be filled into one table of each kind: 65 measured."""

_UNITS = {"k": 1_000, "m": 1_000_000}


def sessions_of(text: str) -> tuple[int, ...]:
    """Read numbers of sessions such as `10k,1m,10m`. Raises `ValueError`."""
    return tuple(sorted({_number(part.strip().lower()) for part in text.split(",")}))


def short(count: int) -> str:
    """Write a number of sessions as `sessions_of` reads it."""
    unit = next((unit for unit in ("m", "k") if count % _UNITS[unit] == 0), "")
    return f"{count // _UNITS.get(unit, 1)}{unit}"


def _number(text: str) -> int:
    return int(text.rstrip("km")) * _UNITS.get(text[-1:], 1)
