"""Pages a second of the same Service, checked in each way, and what each costs Auth."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

import uvloop

from benchmarks.verifier.auth import Auth, serving
from benchmarks.verifier.load import Loaded, load, pages
from benchmarks.verifier.percentile import percentile
from benchmarks.verifier.processes import (
    HOST,
    LOAD_CORE,
    SERVICE_CORE,
    cpu_seconds,
    free_port,
    on_core,
    python,
    running,
)
from benchmarks.verifier.sizes import Size

COUNTED_PAGES = 25
SETTLED = 1.0
"""Seconds in which followers that began with the first request have their first view."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to check: the factory in `services`, which pass it takes, and of which Auth."""

    factory: str
    takes: str
    algorithm: str = "ES256"


BASE = "no check"
CEILING = "(the load alone)"
VARIANTS = {
    BASE: Variant("no_check", "token"),
    "Gatepass, token mode": Variant("token_mode", "token"),
    "PyJWT + PyJWKClient, RS256": Variant("pyjwt_rs256", "token", "RS256"),
    "PyJWT + PyJWKClient, ES256": Variant("pyjwt_es256", "token"),
    "the same in a thread, ES256": Variant("pyjwt_es256_in_a_thread", "token"),
    "Gatepass, session mode": Variant("session_mode", "session"),
    "Gatepass, session mode, cache_for=60": Variant("session_mode_cached", "session"),
    "httpx, session mode": Variant("httpx_session", "session"),
}


AtAuth = dict[str, tuple[float, float]]
"""Requests and look-ups at Auth for a page."""


@dataclass(slots=True)
class Figures:
    """Of one variant and one number of users."""

    pages_per_second: float
    against_no_check: float
    """Median of the ratios of each round."""
    cpu_us: float
    """Microseconds that the Service works for a page."""
    cpu_against_no_check: float
    """The same ratio, of its CPU time: what is left for the page itself."""
    p50_ms: float
    p99_ms: float


class Server(NamedTuple):
    """One that listens."""

    port: int
    pid: int


@dataclass(slots=True)
class Measured:
    """The whole part."""

    pages: dict[int, dict[str, Figures]]
    """By the number of users."""
    at_auth: AtAuth


def measure(folder: Path, size: Size, say: Callable[[str], None]) -> Measured:
    """Run every variant in every round."""
    on_core(LOAD_CORE)
    most = max(size.users)
    with serving(folder / "es256") as auth, serving(folder / "rs256", algorithm="RS256") as other:
        ada = auth.add("ada")
        sessions = [auth.session(ada) for _ in range(most)]
        passes = {
            ("session", "ES256"): sessions,
            ("token", "ES256"): [auth.token(each) for each in sessions],
            ("token", "RS256"): _tokens(other, most),
        }
        issuers = {"ES256": auth, "RS256": other}
        with _services(folder, issuers) as servers:
            for name, variant in VARIANTS.items():  # what each reads once, it reads now
                first = passes[variant.takes, variant.algorithm][0]
                uvloop.run(pages(servers[name].port, first, count=1))
            time.sleep(SETTLED)
            at_auth = {
                name: _at_auth(auth, servers[name].port, passes[variant.takes, variant.algorithm][0])
                for name, variant in VARIANTS.items()
                if variant.algorithm == "ES256"
            }
            rounds: dict[int, list[dict[str, Loaded]]] = {}
            for users in size.users:
                say(f"pages, {users} users ...")
                given = {
                    name: passes[variant.takes, variant.algorithm][:users]
                    for name, variant in VARIANTS.items()
                }
                given[CEILING] = given[BASE]
                rounds[users] = [
                    _round(servers, given, size.page_seconds, backwards=turn % 2 == 1)
                    for turn in range(size.page_rounds)
                ]
    return Measured({users: _figures(each) for users, each in rounds.items()}, at_auth)


def _tokens(auth: Auth, count: int) -> list[str]:
    session = auth.session(auth.add("ada"))
    return [auth.token(session) for _ in range(count)]


@contextlib.contextmanager
def _services(folder: Path, issuers: dict[str, Auth]) -> Iterator[dict[str, Server]]:
    """All variants at once, idle but for the one whose turn it is."""
    with contextlib.ExitStack() as stack:
        log, servers = folder / "services.log", {}
        for name, variant in {CEILING: None, **VARIANTS}.items():
            port = free_port()
            command = python("benchmarks.verifier.instant", str(port))
            issuer = ""
            if variant is not None:
                command, issuer = _uvicorn(variant.factory, port), issuers[variant.algorithm].url
            process = stack.enter_context(
                running(command, core=SERVICE_CORE, variables={"BENCH_ISSUER": issuer}, log=log, port=port)
            )
            servers[name] = Server(port, process.pid)
        yield servers


def _uvicorn(factory: str, port: int) -> list[str]:
    return python(
        "uvicorn",
        *("--factory", f"benchmarks.verifier.services:{factory}", "--host", HOST, "--port", str(port)),
        # Longer than any page takes: on a busy machine a user may wait seconds for the others' first pages.
        *("--timeout-keep-alive", "60"),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
    )


def _round(
    servers: dict[str, Server], given: dict[str, list[str]], seconds: float, *, backwards: bool
) -> dict[str, Loaded]:
    names = list(given)
    if backwards:
        names.reverse()  # nobody always runs behind the same neighbour
    return {
        name: uvloop.run(
            load(
                servers[name].port,
                given[name],
                seconds=seconds,
                worked=partial(cpu_seconds, servers[name].pid),
            )
        )
        for name in names
    }


def _at_auth(auth: Auth, port: int, credential: str) -> tuple[float, float]:
    """Count at Auth while one user loads pages."""
    uvloop.run(pages(port, credential, count=1))
    requests, lookups = auth.counts()
    uvloop.run(pages(port, credential, count=COUNTED_PAGES))
    more_requests, more_lookups = auth.counts()
    # The length of an answer is learned by one request more.
    total = COUNTED_PAGES * 4 + 1
    return (more_requests - requests) * 4 / total, (more_lookups - lookups) * 4 / total


def _figures(rounds: list[dict[str, Loaded]]) -> dict[str, Figures]:
    figures = {}
    for name in rounds[0]:
        latencies = [latency for each in rounds for latency in each[name].latencies]
        figures[name] = Figures(
            median(each[name].pages_per_second for each in rounds),
            median(each[name].pages_per_second / each[BASE].pages_per_second for each in rounds),
            median(each[name].cpu_per_page for each in rounds) * 1e6,
            median(each[BASE].cpu_per_page / each[name].cpu_per_page for each in rounds),
            percentile(latencies, 0.50) * 1e3,
            percentile(latencies, 0.99) * 1e3,
        )
    return figures
