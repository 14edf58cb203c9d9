"""The cluster: a database, processes of Auth that are all alike, and nginx before them; in one folder."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from examples.clinic.processes import Child, DidNotStart, inherited
from examples.cluster.database import Database
from examples.cluster.programs import nginx

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

HOST = "127.0.0.1"
CONFIGURATION = Path(__file__).with_name("nginx.conf")
PATIENCE = 40.0  # seconds
LEFT_ALONE = 2.0
"""Seconds for which nginx leaves a process alone that did not answer (`fail_timeout`, which it rounds up)."""
GATEPASS = (sys.executable, "-c", "import sys; from gatepass.cli import main; sys.exit(main())")


class Cluster:
    """All of it. `with Cluster(…)` starts it and ends it; the folder stays."""

    def __init__(self, folder: Path, *, ports: Sequence[int], **settings: str) -> None:
        """Take the ports of nginx and of each process of Auth, and `GATEPASS_…` variables."""
        self.folder = folder
        self.url = f"http://{HOST}:{ports[0]}"
        """Of nginx; the issuer."""
        self._settings = settings
        self._logs = folder / "logs"
        self._logs.mkdir()
        (folder / "tmp").mkdir()
        self.database = Database(folder / "database")
        self.auths = [self._auth(number, port) for number, port in enumerate(ports[1:], start=1)]
        self.balancer = self._nginx(ports[0])

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def gatepass(self, *arguments: str, stdin: str = "") -> str:
        """Run the command as an operator does; gives what it says. Raises `DidNotStart`."""
        done = subprocess.run(  # noqa: S603 - our own command
            [*GATEPASS, *arguments],
            env={**inherited(), **self.variables()},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise DidNotStart(f"gatepass {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def variables(self) -> Mapping[str, str]:
        """Give the settings that all processes share, beside those in the file."""
        return {
            "GATEPASS_SETTINGS": str(self.folder / "gatepass.toml"),
            "GATEPASS_DATABASE__URL": self.database.url(),
            "GATEPASS_SERVER__TRUSTED_PROXIES": HOST,
            "GATEPASS_LOG__FORMAT": "json",
            "GATEPASS_LOG__ACCESS": "true",
            **self._settings,
        }

    def restart(self) -> None:
        """Start every process anew, one after the other, each once nginx asks the one before it again."""
        for auth in self.auths:
            auth.ask_to_stop()
            auth.make_sure_it_stopped()
            auth.start()
            wait_until_ready(auth)
            time.sleep(LEFT_ALONE)

    def stop(self) -> None:
        """End everything: nginx first, so that nobody is let down, and the database last."""
        for child in (self.balancer, *self.auths):
            child.ask_to_stop()
        for child in (self.balancer, *self.auths):
            child.make_sure_it_stopped()
        self.database.stop()

    def _start(self) -> None:
        self.database.make()
        self.database.start()
        self.database.execute("CREATE DATABASE gatepass")
        self.gatepass("init", str(self.folder), "--issuer", self.url, "--audience", "cluster")
        for auth in self.auths:  # at once: the first brings the schema up, the others wait for it
            auth.start()
        for auth in self.auths:
            wait_until_ready(auth)
        self.balancer.start()
        wait_until_ready(self.balancer)

    def _auth(self, number: int, port: int) -> Child:
        command = [*GATEPASS, "serve", "--port", str(port)]
        log = self._logs / f"auth-{number}.log"
        return Child(f"Auth {number}", f"http://{HOST}:{port}", command, self.variables(), log)

    def _nginx(self, port: int) -> Child:
        addresses = [auth.url.removeprefix("http://") for auth in self.auths]
        servers = "\n    ".join(f"server {address} max_fails=1 fail_timeout=1s;" for address in addresses)
        filled = {"logs": str(self._logs), "servers": servers, "listen": f"{HOST}:{port}"}
        text = CONFIGURATION.read_text("utf-8")
        for name, value in filled.items():
            text = text.replace("{{" + name + "}}", value)
        file = self.folder / "nginx.conf"
        file.write_text(text, "utf-8")
        log = self._logs / "nginx.log"
        command = [str(nginx()), "-p", str(self.folder), "-c", str(file), "-e", str(log)]
        return Child("nginx", self.url, command, {}, log)


def wait_until_ready(child: Child) -> None:
    """Ask /readyz until it is good: the database answers, a key is there. Raises `DidNotStart`."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if how := child.ended():
            raise DidNotStart(f"{child.name} stopped right after its start ({how}). {child.last_words()}")
        try:
            with urllib.request.urlopen(f"{child.url}/readyz", timeout=5):  # noqa: S310 - our own URL
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.05)
    raise DidNotStart(f"{child.name} is not ready after {PATIENCE:.0f} s. {child.last_words()}")
