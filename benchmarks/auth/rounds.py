"""Interleaved rounds: every server runs all the time, idle but when its turn comes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median

import uvloop

from benchmarks.auth.load import Loaded, load
from benchmarks.auth.subjects import LOGIN, Subject
from benchmarks.verifier.percentile import percentile
from benchmarks.verifier.processes import cpu_seconds

WARM_UP = 0.15  # seconds

Rounds = list[dict[str, Loaded]]


@dataclass(slots=True)
class Figures:
    """Of one server and one operation."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Microseconds that the server's own processes work for a request; its database's are not in it."""
    to_base: float | None = None
    """Median of the ratios of each round, in requests a second."""
    cpu_to_base: float | None = None
    """The same ratio, of CPU time; above 1 is less work than the base has."""


def measure(
    subjects: Sequence[Subject], operation: str, *, count: int, seconds: float, before: Callable[[], None]
) -> Rounds:
    """Load all that have the operation, in every round; `before` is called before each round."""
    able = [subject for subject in subjects if operation in subject.talks]
    if operation != LOGIN:
        for subject in able:
            _once(subject, operation, WARM_UP)
    rounds: Rounds = []
    for turn in range(count):
        before()
        # Nobody always runs behind the same neighbour.
        order = able[::-1] if turn % 2 else able
        rounds.append({subject.name: _once(subject, operation, seconds) for subject in order})
    return rounds


def figures(rounds: Rounds, bases: dict[str, str]) -> dict[str, Figures]:
    """Sum rounds up; `bases` says beside whom each is put."""
    found = {}
    for name in rounds[0]:
        latencies = [latency for each in rounds for latency in each[name].latencies]
        found[name] = Figures(
            median(each[name].per_second for each in rounds),
            percentile(latencies, 0.50) * 1e3,
            percentile(latencies, 0.99) * 1e3,
            median(each[name].cpu_each for each in rounds) * 1e6,
        )
        base = bases.get(name)
        if base in rounds[0]:
            found[name].to_base = median(each[name].per_second / each[base].per_second for each in rounds)
            found[name].cpu_to_base = median(
                each[base].cpu_each / (each[name].cpu_each or 1) for each in rounds
            )
    return found


def _once(subject: Subject, operation: str, seconds: float) -> Loaded:
    worked: Callable[[], float] = partial(_worked, subject.pids)
    return uvloop.run(load(subject.ports, subject.talks[operation], seconds=seconds, worked=worked))


def _worked(pids: Sequence[int]) -> float:
    return sum(map(cpu_seconds, pids))
