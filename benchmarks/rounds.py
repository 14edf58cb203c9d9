"""Alternating rounds: every contender runs in every round, so that a noisy machine is noisy for all."""

import statistics
import time
from collections.abc import Callable, Mapping
from timeit import Timer

Run = Callable[[int], float]  # how many operations -> seconds they took

CHUNK = 0.01  # seconds one contender runs before the next one's turn


def in_process(operation: Callable[[], object]) -> Run:
    """Time a Python callable (the garbage collector rests meanwhile)."""
    return Timer(operation).timeit


def of_one_thread(operation: Callable[[], object]) -> Run:
    """Time a Python callable by the CPU time of its thread: what other processes take away does not count."""
    return Timer(operation, timer=time.thread_time).timeit


def medians(contenders: Mapping[str, Run], *, rounds: int = 21) -> dict[str, float]:
    """Median seconds per operation of each contender, from interleaved rounds."""
    counts = {name: _operations_in_a_chunk(run) for name, run in contenders.items()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds):
        names = list(contenders)
        if turn % 2:
            names.reverse()  # nobody always runs behind the same neighbour
        for name in names:
            times[name].append(contenders[name](counts[name]) / counts[name])
    return {name: statistics.median(each) for name, each in times.items()}


def _operations_in_a_chunk(run: Run) -> int:
    run(1)
    count = 1
    while (seconds := run(count)) < CHUNK / 4:
        count *= 4
    return max(1, int(count * CHUNK / seconds))
