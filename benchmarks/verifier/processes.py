"""Processes of a run: each on its core, on a port of its own, and gone when the run is over."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

Running = subprocess.Popen[str]

ROOT = Path(__file__).parents[2]  # where `benchmarks` can be imported from
HOST = "127.0.0.1"
START_SECONDS = 40.0
STOP_SECONDS = 5.0
LONGEST_RUN = 900
"""Seconds, three times what a run takes: whatever hangs, it ends."""

_cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
SERVICE_CORE, LOAD_CORE = _cores[0], _cores[-1]
"""The Service has one core for itself; the load and Auth share the other. On one core they are the same."""


def on_core(core: int, pid: int = 0) -> None:
    """Keep a process, 0 for this one, and the threads that it will start on one core, where that is
    possible."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(pid, {core})


def where() -> str:
    """Say what runs where."""
    if SERVICE_CORE == LOAD_CORE:
        return "one core for everything"
    return f"the Service on core {SERVICE_CORE}, the load and Auth on core {LOAD_CORE}"


@contextlib.contextmanager
def running(
    command: list[str], *, core: int, variables: Mapping[str, str], log: Path, port: int | None = None
) -> Iterator[Running]:
    """Run a command until the block ends; with a port, wait first until it listens."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEPASS_")}
    with log.open("ab") as said:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**inherited, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE if port is None else said,
            stderr=said,
            text=True,
            start_new_session=True,  # Ctrl-C reaches the run, and the run ends them
        )
    try:
        on_core(core, process.pid)
        if port is not None:
            _wait_until_it_listens(process, port, log)
        yield process
    finally:
        _stop(process)


def python(module: str, *arguments: str) -> list[str]:
    """A module of this virtual environment as a command."""
    return [sys.executable, "-m", module, *arguments]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def kilobytes(pid: int, name: str = "Pss") -> int:
    """Memory of a process: `Pss` counts shared pages by their share, `Rss` in full; 0 where nobody tells."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def cpu_seconds(pid: int) -> float:
    """How long a process has been at work, all its threads together; 0 where nobody tells."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*"):
        with contextlib.suppress(OSError):  # a thread may end meanwhile
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


@contextlib.contextmanager
def interrupts_heeded(*, longest: int = LONGEST_RUN) -> Iterator[None]:
    """Let SIGTERM, SIGHUP and too long a run end it as Ctrl-C does, so that every block above is left."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    old = {number: signal.signal(number, interrupt) for number in numbers}
    signal.alarm(longest)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in old.items():
            signal.signal(number, handler)


def _wait_until_it_listens(process: Running, port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return
        time.sleep(0.005)
    raise RuntimeError(f"it does not listen:\n{log.read_text()[-2000:]}")


def _stop(process: Running) -> None:
    # A second Ctrl-C must not leave a process behind.
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
    finally:
        signal.signal(signal.SIGINT, old)
