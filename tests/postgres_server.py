"""A private PostgreSQL: a cluster in a folder of its own, behind a Unix socket, gone with the tests.

Never the machine's own one. Without `fsync`, because nobody will miss its data.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from gatepass.storage.postgres import PostgresStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "120",
    "autovacuum": "off",
    "jit": "off",
    "log_min_messages": "fatal",
    "deadlock_timeout": "100ms",
}
PATIENCE = 60.0  # seconds


def programs() -> Path | None:
    """Find the folder of `initdb` and `postgres`; the newest version's."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(installed, key=lambda folder: float(folder.parent.name), default=None)


class PostgresServer:
    """One server process; databases in it are made by name."""

    def __init__(self, folder: Path, bin_: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        self.folder, self.data, self.bin = folder, folder / "data", bin_
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        # It refuses to run as root: there it runs as somebody who may do nothing.
        self.identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = _unprivileged()
            self.identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(folder, account.pw_uid, account.pw_gid)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://tester@/{database}?host={self.folder}"

    def make_cluster(self) -> None:
        command = [str(self.bin / "initdb"), "-D", str(self.data), "-U", "tester", "-A", "trust"]
        subprocess.run(
            [*command, "-E", "UTF8", "--locale=C", "--no-sync"],
            check=True,
            capture_output=True,
            **self.identity,
        )

    def start(self) -> None:
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.data, "-k", self.folder, *settings],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                **self.identity,
            )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                assert time.monotonic() < deadline, (self.folder / "log").read_text()
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """Stop at once; SIGINT would check in first, SIGKILL is a crash."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(PATIENCE)
        self.process = None

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement beside everybody else."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Make a cluster and run its server; skip the test where there is no PostgreSQL."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL here; tools/ensure-postgres says how to get it")
    folder = Path(tempfile.mkdtemp(prefix="gatepass-pg-"))  # short: a socket's path has 107 bytes at most
    server = PostgresServer(folder, found)
    try:
        server.make_cluster()
        server.start()
        yield server
    finally:
        if server.process is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give this worker's own running server."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[PostgresServer]:
    """Give a server that a test may stop and start again: nobody else is on it."""
    with running_server() as server:
        yield server


EMPTY = (
    "DELETE FROM mails; DELETE FROM users; DELETE FROM roles; DELETE FROM signing_keys; DELETE FROM attempts;"
    " DELETE FROM events; UPDATE event_log SET head = 0;"
    " UPDATE event_export SET place = 0, holder = NULL, until = 0;"
    " DELETE FROM imports; DELETE FROM revocations; UPDATE feed SET floor = 0, head = 0"
)


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection to this worker's own database, with the schema in it."""

    async def make() -> None:
        await (await PostgresStore.open(postgres_server.url("contract"))).close()

    postgres_server.execute("CREATE DATABASE contract")
    with ThreadPoolExecutor(1) as apart:  # from the test's own event loop
        apart.submit(lambda: asyncio.run(make())).result()
    with psycopg.connect(
        postgres_server.url("contract"), autocommit=True, options="-c search_path=gatepass"
    ) as connection:
        yield connection


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_database: psycopg.Connection[Any]) -> str:
    """Give the address of an empty database."""
    postgres_database.execute(EMPTY)
    return postgres_server.url("contract")
