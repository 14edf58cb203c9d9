"""A real Auth: its own process, its own database, a free port on this machine, made with the command."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse battery"
PATIENCE = 60.0  # seconds; a start takes less than one where nobody else works
GRACE = 60  # seconds, the longest that there is: whatever must come within it does, however slow the machine


@dataclass
class Site:
    """Auth in a process that tests may stop, kill and start again."""

    folder: Path
    port: int
    env: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def variables(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GATEPASS_")}
        given = {"GATEPASS_SETTINGS": str(self.folder / "gatepass.toml"), "GATEPASS_SERVER__COUNTERS": "true"}
        return inherited | given | self.env

    def command(self, *arguments: str) -> list[str]:
        return [
            sys.executable,
            "-c",
            "import sys; from gatepass.cli import main; sys.exit(main())",
            *arguments,
        ]

    def run(self, *arguments: str, stdin: str = "", code: int = 0) -> str:
        """Run the command; gives what it wrote to standard output, or to standard error when it failed."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.variables(),
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == code, done.stderr
        return done.stderr if code else done.stdout

    def start(self) -> None:
        log = (self.folder / "auth.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                self.command("serve"), env=self.variables(), stdout=log, stderr=log, cwd=self.folder
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert self.process.poll() is None, (self.folder / "auth.log").read_text()
            time.sleep(0.05)
        raise AssertionError("Auth does not answer")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.process = None
        return code

    def let_the_grace_pass(self) -> None:
        """Put every rotation back by more than the grace, as if time had passed: nothing has to wait."""
        with closing(sqlite3.connect(self.folder / "gatepass.db", timeout=PATIENCE)) as database, database:
            database.execute("UPDATE refresh_records SET rotated_at = rotated_at - ?", (GRACE + 1,))

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE)


@pytest.fixture(scope="module")
def audience() -> str:
    """Give the name of the site."""
    return "clinic"


@contextmanager
def running_site(folder: Path, audience: str) -> Iterator[Site]:
    """Give a running Auth with Ann, a doctor, and Root, an administrator."""
    port = free_port()
    made = Site(folder, port)
    made.env = {
        "GATEPASS_TOKENS__GRACE": str(GRACE),
        "GATEPASS_SERVER__APP_ORIGINS": "http://127.0.0.1:8001",
    }
    made.run("init", str(made.folder), "--audience", audience, "--port", str(port))
    made.run("role", "define", "doctor", "appointments:read", "people:read")
    people = {"ann@example.org": ["--role", "doctor"], "root@example.org": ["--permission", "gatepass:admin"]}
    for email, held in people.items():
        named = [email, "--first-name", "Ann", "--last-name", "Lee", *held]
        made.run("user", "add", "--password-stdin", *named, stdin=PASSWORD)
    made.start()
    try:
        yield made
    finally:
        if made.process is not None:
            made.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, audience: str) -> Iterator[Site]:
    """Give a running Auth with Ann, a doctor, and Root, an administrator."""
    with running_site(tmp_path_factory.mktemp("auth"), audience) as made:
        yield made


@pytest.fixture
def client(site: Site) -> Iterator[httpx.Client]:
    """Give a program that talks to it."""
    with site.client() as made:
        yield made
