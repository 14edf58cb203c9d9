"""A real Auth: `gatepass serve` on SQLite, in a process of its own, on loopback."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.verifier.processes import HOST, LOAD_CORE, free_port, running

AUDIENCE = "clinic"
PASSWORD = "correct horse battery"
IDLE = 2.0  # seconds; Auth closes a connection after five

COMMAND = [sys.executable, "-c", "import sys; from gatepass.cli import main; sys.exit(main())"]


@dataclass
class Auth:
    """Auth as a client sees it, over one connection."""

    settings: Path
    url: str
    pid: int
    connection: http.client.HTTPConnection
    used_at: float = 0.0

    def ask(self, method: str, path: str, body: object = None, *, credential: str | None = None) -> Any:
        """Send one request; gives what the JSON says, None where there is none."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if credential is not None:
            headers["Authorization"] = f"Bearer {credential}"
        said = self._said(method, path, None if body is None else json.dumps(body), headers)
        return json.loads(said) if said else None

    def text(self, path: str) -> bytes:
        """Fetch a document that is no JSON."""
        return self._said("GET", path, None, {})

    def _said(self, method: str, path: str, text: str | None, headers: dict[str, str]) -> bytes:
        if time.monotonic() - self.used_at > IDLE:
            self.connection.close()  # Auth is about to do the same; the next request opens it anew
        self.connection.request(method, path, text, headers)
        answer = self.connection.getresponse()
        said = answer.read()
        self.used_at = time.monotonic()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {said[:300]!r}")
        return said

    def add(self, name: str) -> str:
        """Make an account, by the command line; gives its e-mail address."""
        email = f"{name}@clinic.example"
        named = ["--first-name", name.title(), "--last-name", "Example", "--settings", str(self.settings)]
        command = [*COMMAND, "user", "add", email, *named, "--password-stdin"]
        subprocess.run(command, input=PASSWORD, text=True, check=True, stdout=subprocess.DEVNULL)
        return email

    def session(self, email: str) -> str:
        """Log in; gives the session id."""
        given = self.ask("POST", "/api/login", {"email": email, "password": PASSWORD})
        return str(given["session_id"])

    def token(self, session: str) -> str:
        """Get an access token for a session."""
        return str(self.ask("POST", "/api/tokens", {"lifetime": 3_600}, credential=session)["access_token"])

    def counts(self) -> tuple[int, int]:
        """How many requests and look-ups there were since the start."""
        counted = self.ask("GET", "/api/counters")
        return counted["requests"], counted["lookups"]


@contextlib.contextmanager
def serving(folder: Path, *, algorithm: str = "ES256", core: int = LOAD_CORE) -> Iterator[Auth]:
    """Make a site in an empty folder, and serve it until the block ends."""
    make_site(folder)
    with serving_again(folder, algorithm=algorithm, core=core) as auth:
        yield auth


def make_site(folder: Path) -> None:
    """Write settings and keys; the database is made by the first start."""
    folder.mkdir(parents=True)
    subprocess.run(
        [*COMMAND, "init", str(folder), "--audience", AUDIENCE], check=True, stdout=subprocess.DEVNULL
    )


@contextlib.contextmanager
def serving_again(folder: Path, *, algorithm: str = "ES256", core: int = LOAD_CORE) -> Iterator[Auth]:
    """Serve a site that is there."""
    port = free_port()
    url = f"http://{HOST}:{port}"
    settings = folder / "gatepass.toml"
    variables = {
        "GATEPASS_SETTINGS": str(settings),
        "GATEPASS_ISSUER": url,
        "GATEPASS_SERVER__PORT": str(port),
        "GATEPASS_SERVER__COUNTERS": "true",
        "GATEPASS_KEYS__ALGORITHM": algorithm,
        "GATEPASS_LOGIN__ATTEMPTS_PER_ADDRESS": "1000000",
        "GATEPASS_TOKENS__LIFETIME": "3600",
    }
    command = [*COMMAND, "serve"]
    with running(command, core=core, variables=variables, log=folder / "auth.log", port=port) as process:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        auth = Auth(settings, url, process.pid, connection)
        try:
            auth.counts()  # it listens before it is ready
            yield auth
        finally:
            connection.close()
