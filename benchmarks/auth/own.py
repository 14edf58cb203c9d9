"""Gatepass and its floor, each on SQLite and on PostgreSQL, with tables filled to order."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from examples.cluster.database import Database

from benchmarks.auth import floor
from benchmarks.auth.filling import (
    FLOOR,
    GATEPASS_ON_POSTGRES,
    GATEPASS_ON_SQLITE,
    fill_postgres,
    fill_sqlite,
)
from benchmarks.auth.load import Talk
from benchmarks.auth.numbered import SESSIONS_PER_USER, drawn, refresh_token, session_id
from benchmarks.auth.sizes import CONNECTIONS
from benchmarks.auth.subjects import (
    CHECK,
    FIRST_LOOK,
    INTROSPECTION,
    JWKS,
    LOGIN,
    REFRESH,
    Launch,
    Subject,
    ask,
    started,
)
from benchmarks.auth.talks import json_of, prepared_late, renewed, repeated, request
from benchmarks.verifier.auth import COMMAND, PASSWORD, make_site
from benchmarks.verifier.processes import HOST, LOAD_CORE, SERVICE_CORE, python
from gatepass.auth.verified import MOST_KEPT

CHECKED = 256
"""Sessions that each connection asks about in turn."""
RENEWED = 32
"""Refresh tokens that each connection renews in turn."""
INTROSPECTED = 64
"""Access tokens for all connections together."""
NEW = MOST_KEPT + 1_024
"""Access tokens for all connections together of which Auth has forgotten each when its turn comes again."""
JWKS_PATH = "/.well-known/jwks.json"

# The limits of log-in attempts are for strangers; everybody comes from one address here.
_SETTINGS = {"GATEPASS_LOGIN__ATTEMPTS_PER_ADDRESS": "1000000", "GATEPASS_TOKENS__LIFETIME": "3600"}


@dataclass(frozen=True, slots=True)
class Filled:
    """A server that can be started, and how much its tables hold."""

    launch: Launch
    sessions: int
    bytes: int


def gatepass_on_sqlite(folder: Path, sessions: int) -> Filled:
    """Make a site with so many sessions in its file."""
    launch = _gatepass(folder, {})
    return Filled(launch, sessions, fill_sqlite(folder / "gatepass.db", GATEPASS_ON_SQLITE, sessions))


def gatepass_on_postgres(folder: Path, server: Database, sessions: int) -> Filled:
    """Make a site with so many sessions in a database of its own."""
    url = _database(server, folder.name)
    launch = _gatepass(folder, {"GATEPASS_DATABASE__URL": url})
    return Filled(launch, sessions, fill_postgres(url, "gatepass", GATEPASS_ON_POSTGRES, sessions))


def floor_on_sqlite(folder: Path, sessions: int) -> Filled:
    """Make the floor's file."""
    folder.mkdir(parents=True)
    file = folder / "floor.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in floor.SCHEMA:
            connection.execute(statement.format(bytes="BLOB", tree=" WITHOUT ROWID"))
    return Filled(_floor(folder, str(file)), sessions, fill_sqlite(file, FLOOR, sessions))


def floor_on_postgres(folder: Path, server: Database, sessions: int) -> Filled:
    """Make the floor's database."""
    folder.mkdir(parents=True)
    url = _database(server, folder.name)
    for statement in floor.SCHEMA:
        server.execute(statement.format(bytes="bytea", tree=""), folder.name.replace("-", "_"))
    return Filled(_floor(folder, url), sessions, fill_postgres(url, "public", FLOOR, sessions))


@contextlib.contextmanager
def served(name: str, filled: Filled, *, cores: tuple[int, ...] = (SERVICE_CORE,)) -> Iterator[Subject]:
    """Serve it with a process on each of the cores."""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(started(filled.launch, core=core)) for core in cores]
        ports = tuple(process.port for process in processes)
        pids = tuple(process.pid for process in processes)
        yield Subject(name, ports, pids, filled.launch, _talks(ports[0], filled.sessions))


def both_cores() -> tuple[int, ...]:
    """A process beside the load and the database, too."""
    return (SERVICE_CORE, LOAD_CORE)


def _talks(port: int, sessions: int) -> dict[str, list[Talk]]:
    everybody = range(CONNECTIONS)
    checks = [_about(drawn(CHECKED, among=sessions)) for _ in everybody]
    introspections = [_introspection(port, number) for number in drawn(INTROSPECTED, among=sessions)]
    new = drawn(NEW, among=sessions)
    records = drawn(RENEWED * CONNECTIONS, among=sessions)  # no two connections renew the same
    return {
        REFRESH: [
            renewed([refresh_token(each) for each in records[i::CONNECTIONS]], _renewal) for i in everybody
        ],
        CHECK: [repeated(each) for each in checks],
        INTROSPECTION: [repeated(introspections[i:] + introspections[:i]) for i in everybody],
        FIRST_LOOK: [
            prepared_late(lambda part=new[i::CONNECTIONS]: repeated([_introspection(port, n) for n in part]))  # type: ignore[misc]
            for i in everybody
        ],
        JWKS: [repeated([request("GET", JWKS_PATH)]) for _ in everybody],
        LOGIN: [
            repeated([request("POST", "/api/login", json_of(email=_email(i), password=PASSWORD))])
            for i in drawn(CONNECTIONS, among=sessions // SESSIONS_PER_USER)
        ],
    }


def _about(numbers: list[int]) -> list[bytes]:
    return [
        request("POST", "/api/session/check", authorization=f"Bearer {session_id(number)}")
        for number in numbers
    ]


def _introspection(port: int, session: int) -> bytes:
    return request("POST", "/api/token/check", authorization=f"Bearer {_access_token(port, session)}")


def _renewal(token: str) -> bytes:
    return request("POST", "/api/refresh", json_of(refresh_token=token))


def _email(user: int) -> str:
    return f"user{user}@clinic.example"


def _access_token(port: int, session: int) -> str:
    headers = {"Authorization": f"Bearer {session_id(session)}", "Content-Type": "application/json"}
    status, said = ask(port, "POST", "/api/tokens", "{}", headers)
    if status != 200:
        raise RuntimeError(f"no access token: {status} {said[:300]!r}")
    return str(json.loads(said)["access_token"])


def _gatepass(folder: Path, settings: dict[str, str]) -> Launch:
    """Make a site, and start it once: that makes its tables and keys."""
    make_site(folder)

    def variables(port: int) -> dict[str, str]:
        where = {"GATEPASS_ISSUER": f"http://{HOST}:8000", "GATEPASS_SERVER__PORT": str(port)}
        file = {"GATEPASS_SETTINGS": str(folder / "gatepass.toml"), "GATEPASS_LOG__LEVEL": "warning"}
        return {**_SETTINGS, **settings, **where, **file}

    launch = Launch(lambda _: [*COMMAND, "serve"], variables, folder / "auth.log", JWKS_PATH)
    with started(launch):
        pass
    return launch


def _floor(folder: Path, database: str) -> Launch:
    def command(port: int) -> list[str]:
        return python(
            "uvicorn",
            *("--factory", "benchmarks.auth.floor:app", "--host", HOST, "--port", str(port)),
            *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning"),
            *("--no-server-header", "--no-proxy-headers"),
        )

    return Launch(command, lambda _: {"BENCH_DATABASE": database}, folder / "floor.log", JWKS_PATH)


def _database(server: Database, name: str) -> str:
    name = name.replace("-", "_")
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)
