"""Every operation of every contender in one interleaved run, what each weighs, and how soon it answers."""

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from examples.cluster.database import Database

from benchmarks.auth import own, peers
from benchmarks.auth.rounds import Figures, figures, measure
from benchmarks.auth.sizes import CONNECTIONS, SESSIONS, Size
from benchmarks.auth.subjects import CHECK, JWKS, LOGIN, OPERATIONS, Launch, Subject, started
from benchmarks.auth.talks import repeated, request
from benchmarks.verifier.processes import SERVICE_CORE, free_port, kilobytes, on_core, python, running

GATEPASS, FLOOR = "Gatepass, SQLite", "floor, SQLite"
GATEPASS_PG, FLOOR_PG = "Gatepass, PostgreSQL", "floor, PostgreSQL"
CEILING = "(the load alone)"
BARE_HASH = "argon2 alone, one thread"


@dataclass(slots=True)
class Measured:
    """The whole part."""

    operations: dict[str, dict[str, Figures]]
    hashes_per_second: float
    """Of argon2id alone, on the server's core."""
    memory_mib: dict[str, float]
    """PSS of each server after the load, with its sessions, before the log-ins."""
    start_seconds: dict[str, float]
    """From the start of the process to its first answer."""
    notes: dict[str, str]
    """What to know about a contender."""


def run(folder: Path, server: Database | None, size: Size, say: Callable[[str], None]) -> Measured:
    """Measure."""
    folder.mkdir()
    hashes: list[float] = []
    with contextlib.ExitStack() as stack:
        subjects = [stack.enter_context(_ceiling(folder))]
        subjects += [stack.enter_context(each) for each in _own(folder, server, say)]
        subjects += [
            stack.enter_context(each) for each in peers.contenders(folder, sessions=SESSIONS, say=say)
        ]
        found: dict[str, dict[str, Figures]] = {}
        memory: dict[str, float] = {}
        for operation in OPERATIONS:
            say(f"{operation} ...")
            login = operation == LOGIN
            if login:  # comes last; each hash takes memory of its own
                memory = {each.name: _mib(each) for each in subjects if each.launch}
            rounds = measure(
                subjects,
                operation,
                count=size.rounds,
                seconds=size.login_seconds if login else size.seconds,
                before=(lambda: hashes.append(_hashes(size.login_seconds))) if login else _nothing,
            )
            found[operation] = figures(rounds, _bases(subjects))
        say("start ...")
        starts = {each.name: _start(each.launch, size.starts) for each in subjects if each.launch}
        notes = {each.name: each.note for each in subjects if each.note}
    return Measured(found, median(hashes), memory, starts, notes)


def _own(
    folder: Path, server: Database | None, say: Callable[[str], None]
) -> Iterator[contextlib.AbstractContextManager[Subject]]:
    say(f"filling tables with {SESSIONS:,} sessions ...")
    yield own.served(GATEPASS, own.gatepass_on_sqlite(folder / "gatepass", SESSIONS))
    yield own.served(FLOOR, own.floor_on_sqlite(folder / "floor", SESSIONS))
    if server is not None:
        yield own.served(GATEPASS_PG, own.gatepass_on_postgres(folder / "gatepass-pg", server, SESSIONS))
        yield own.served(FLOOR_PG, own.floor_on_postgres(folder / "floor-pg", server, SESSIONS))


@contextlib.contextmanager
def _ceiling(folder: Path) -> Iterator[Subject]:
    """A server that answers without looking, asked as for a session and as for keys."""
    port = free_port()
    command = python("benchmarks.verifier.instant", str(port))
    with running(command, core=SERVICE_CORE, variables={}, log=folder / "instant.log", port=port) as process:
        said = {
            CHECK: request("POST", "/api/session/check", authorization="Bearer gps_" + "a" * 43),
            JWKS: request("GET", own.JWKS_PATH),
        }
        talks = {operation: [repeated([each])] * CONNECTIONS for operation, each in said.items()}
        yield Subject(CEILING, (port,), (process.pid,), None, talks)


def _bases(subjects: list[Subject]) -> dict[str, str]:
    return {each.name: FLOOR_PG if each.name == GATEPASS_PG else FLOOR for each in subjects}


def _hashes(seconds: float) -> float:
    command = python("benchmarks.auth.hashing", str(seconds))
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, preexec_fn=lambda: on_core(SERVICE_CORE)
    )
    return float(done.stdout)


def _start(launch: Launch, count: int) -> float:
    """Start one more of it, again and again."""
    seconds = []
    for _ in range(count):
        with started(launch) as process:
            seconds.append(process.seconds)
    return median(seconds)


def _mib(subject: Subject) -> float:
    return sum(map(kilobytes, subject.pids)) / 1024


def _nothing() -> None:
    """There is nothing to be done before a round."""
