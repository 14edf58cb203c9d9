"""What is measured: a server that runs, and what is said to it for each operation."""

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.auth.load import Talk
from benchmarks.verifier.processes import HOST, SERVICE_CORE, Running, free_port, running

REFRESH, CHECK, INTROSPECTION, JWKS, LOGIN, FIRST_LOOK = (
    "refresh with rotation, ES256",
    "session check",
    "introspection",
    "JWKS",
    "password login",
    "introspection of a token not seen before",
)
OPERATIONS = (REFRESH, CHECK, INTROSPECTION, JWKS, LOGIN, FIRST_LOOK)
PATIENCE = 40.0  # seconds


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started on a port."""

    command: Callable[[int], list[str]]
    variables: Callable[[int], Mapping[str, str]]
    log: Path
    probe: str
    """What is asked to know that it answers."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A server under load; one that lacks an operation has no talks for it."""

    name: str
    ports: tuple[int, ...]
    pids: tuple[int, ...]
    launch: Launch | None
    talks: Mapping[str, list[Talk]] = field(default_factory=dict)
    """By operation: what each connection says."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """A process that answers."""

    port: int
    pid: int
    seconds: float
    """From its start to the first answer."""


@contextlib.contextmanager
def started(launch: Launch, *, core: int = SERVICE_CORE) -> Iterator[Started]:
    """Run a server until the block ends."""
    port, begun = free_port(), time.perf_counter()
    with running(
        launch.command(port), core=core, variables=launch.variables(port), log=launch.log, port=port
    ) as process:
        _wait_for_an_answer(process, port, launch)
        yield Started(port, process.pid, time.perf_counter() - begun)


def _wait_for_an_answer(process: Running, port: int, launch: Launch) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(port, "GET", launch.probe)[0] < 500:
                return
        time.sleep(0.005)
    raise RuntimeError(f"it does not answer:\n{launch.log.read_text()[-2000:]}")


def ask(
    port: int, method: str, path: str, body: str | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """Send one request on a connection of its own; gives status and body."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
