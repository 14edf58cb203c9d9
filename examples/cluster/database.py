"""A private PostgreSQL server: a folder of its own, behind a Unix socket. Never the machine's own one."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from examples.cluster.programs import NotHere, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SETTINGS = {"listen_addresses": "", "max_connections": "200", "shared_buffers": "32MB", "jit": "off"}
OWNER = "gatepass"
PATIENCE = 60.0  # seconds


class Database:
    """One server. It is started by `start`, after `make` or `follow` laid down its files."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = SETTINGS) -> None:
        self.folder, self.data, self._bin = folder, folder / "data", postgres()
        self._settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(mode=0o755)
        # It refuses to run as root: there it runs as somebody who may do nothing.
        self._identity: dict[str, Any] = {}
        if os.geteuid() == 0:
            account = _unprivileged()
            self._identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            os.chown(folder, account.pw_uid, account.pw_gid)

    def url(self, name: str = "gatepass") -> str:
        """Give the URL of a database in it."""
        return f"postgresql://{OWNER}@/{name}?host={self.folder}"

    def make(self) -> None:
        """Lay down the files of an empty server."""
        self._run("initdb", "-D", self.data, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    def follow(self, primary: Database) -> None:
        """Lay down the files of a standby, copied from a server that runs."""
        self._run("pg_basebackup", "-D", self.data, "-R", "-h", primary.folder, "-U", OWNER, "-c", "fast")

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        deadline = time.monotonic() + PATIENCE
        self._launch()
        while True:
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    error.add_note((self.folder / "log").read_text())
                    raise
                if self.process is None or self.process.poll() is not None:
                    self._launch()  # after a crash: the last of its children was not gone yet
                time.sleep(0.05)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server; SIGINT lets nobody wait."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(PATIENCE)
            self.process = None

    def kill(self) -> None:
        """Kill all its processes at once (-9), as if the machine had lost its power."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait(PATIENCE)
            self.process = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all its processes; SIGSTOP freezes it, and the line to it stays alive."""
        if self.process is not None:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            for pid in (self.process.pid, *map(int, children.read_text().split())):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    def execute(self, statement: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement beside everybody else."""
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _launch(self) -> None:
        settings = [word for name, value in self._settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                [self._bin / "postgres", "-D", self.data, "-k", self.folder, *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C reaches the launcher alone
                **self._identity,
            )

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(  # noqa: S603 - our own command
            [self._bin / program, *arguments], capture_output=True, check=False, cwd="/", **self._identity
        )
        if done.returncode:
            raise NotHere(f"{program} failed: {done.stderr.decode().strip()}")


def _unprivileged() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder for a cluster, gone at the end. Short: the path of a socket has 107 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="gatepass-cluster-"))
    folder.chmod(0o711)  # as root, the database is somebody else, who must reach its own folder in here
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(settings: Mapping[str, str]) -> Iterator[Database]:
    """Give a server that runs, gone at the end with all that is in it. Raises `NotHere`."""
    with private_folder() as folder:
        database = Database(folder / "database", settings)
        database.make()
        try:
            database.start()
            yield database
        finally:
            database.stop(signal.SIGQUIT)
