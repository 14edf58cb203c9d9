"""The demo's three processes: started, watched, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from examples.clinic.config import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]  # where `examples` can be imported from
START_SECONDS = 40.0
STOP_SECONDS = 6.0


class DidNotStart(Exception):
    """A process ended, or kept silent, instead of answering."""


@dataclass
class Child:
    """One process of the demo. It has a session of its own, so that Ctrl-C reaches only the launcher."""

    name: str
    url: str
    command: list[str]
    variables: Mapping[str, str]
    log: Path
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start the process; what it says goes to its log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self.command,
                cwd=ROOT,
                env={**inherited(), **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id. Raises DidNotStart before the start."""
        if self._process is None:
            raise DidNotStart(f"{self.name} was not started")
        return self._process.pid

    def ended(self) -> str | None:
        """How the process ended, in words; None while it runs or before it was started."""
        code = self._process.poll() if self._process else None
        if code is None:
            return None
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def wait_until_it_answers(self) -> None:
        """Ask /healthz until the answer is good. Raises DidNotStart."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if how := self.ended():
                raise DidNotStart(f"{self.name} stopped right after its start ({how}). {self.last_words()}")
            if _answers(f"{self.url}/healthz"):
                return
            time.sleep(0.05)
        raise DidNotStart(f"{self.name} did not answer within {START_SECONDS:.0f} s. {self.last_words()}")

    def last_words(self) -> str:
        """The end of the log, for the terminal."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        said = "\n".join(f"    {line}" for line in lines)
        return f"The end of {self.log}:\n{said}" if lines else f"It said nothing ({self.log})."

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        if self._process and self._process.poll() is None:
            self._process.kill()

    def make_sure_it_stopped(self) -> None:
        """Wait, and kill what does not listen."""
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def inherited() -> dict[str, str]:
    """The variables of this process, without what somebody has set for an Auth of their own."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEPASS_")}


def service(name: str, url: str, variables: Mapping[str, str], log: Path) -> Child:
    """One of the clinic's Services under uvicorn."""
    command = [sys.executable, "-m", "uvicorn", f"examples.clinic.{name}:app"]
    command += ["--host", HOST, "--port", url.rpartition(":")[2], "--log-level", "warning"]
    command += ["--timeout-graceful-shutdown", "1"]
    return Child(name, url, command, variables, log)


def taken(ports: list[int]) -> list[int]:
    """Those of the ports that another program listens on."""
    return [port for port in ports if not _can_listen(port)]


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own http URL
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
