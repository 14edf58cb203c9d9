"""The whole demo, as a person starts it, and a real Chromium to look at it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from examples.clinic.people import ACCOUNTS
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from tests.ports import free_ports

ROOT = Path(__file__).parents[2]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A refused request is an answer that these tests ask for; Chromium writes a line about each.
EXPECTED_ON_CONSOLE = re.compile(
    r"Failed to load resource: the server responded with a status of (401|403|429|503)"
)
IS_DOWN = re.compile(
    r"net::ERR_(CONNECTION_(REFUSED|RESET|CLOSED|ABORTED)|SOCKET_NOT_CONNECTED|EMPTY_RESPONSE"
    r"|INCOMPLETE_CHUNKED_ENCODING)"
)

PATIENCE = 60  # seconds: nothing here says how quick the demo is, and a machine may be very slow
expect.set_options(timeout=PATIENCE * 1000)

PASSWORDS = {account.email.partition("@")[0]: account.password for account in ACCOUNTS}
ROW = {"services": "Services", "auth": "Auth", "lookups": "Look-ups"}


@dataclass
class Demo:
    """The launcher's process and what it has said."""

    port: int
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        self.said.extend(self.process.stdout or ())

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}/"

    @property
    def auth(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_for(self, pattern: str, seconds: float = PATIENCE, *, behind: int = 0) -> re.Match[str]:
        """The latest line that matches, of those behind the first few. Fails when the launcher ends or keeps
        silent."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in reversed(self.said[behind:]):
                if match := re.search(pattern, line):
                    return match
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no line like {pattern!r} in:\n{''.join(self.said)}")

    def kill_auth(self) -> None:
        """SIGKILL: no farewell, nothing written down."""
        number = int(self.wait_for(r"Auth\b.*process (\d+)")[1])
        before = len(self.said)
        os.kill(number, signal.SIGKILL)
        self.wait_for("Auth has stopped", behind=before)

    @property
    def auth_has_stopped(self) -> bool:
        """Whether that is the last that the launcher said of Auth."""
        told = [line for line in self.said[:] if "Auth has stopped" in line or "Auth is back" in line]
        return told != [] and "stopped" in told[-1]

    def bring_auth_back(self) -> None:
        """As the launcher says: press Enter."""
        assert self.process.stdin is not None
        before = len(self.said)
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.wait_for("Auth is back", behind=before)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Stop it as Ctrl-C does; gives the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self._listening.join()  # to the end of what it says
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return status


def start_demo(port: int, data: Path, *more: str) -> Demo:
    command = [sys.executable, "-m", "examples.clinic", "--port", str(port), "--data", str(data), *more]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return Demo(port, process)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start_demo(free_ports(3)[0], tmp_path_factory.mktemp("clinic") / "data")
    try:
        running.wait_for("Stop everything with Ctrl-C", 120)
        yield running
    finally:
        running.stop()


# For one module, not longer: Playwright's loop runs in this thread until it is stopped.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("Chromium is missing; on Debian and Ubuntu: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@dataclass
class Visitor:
    """A person with a browser of their own."""

    demo: Demo
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def log_in(self, who: str, mode: str = "token", *, lifetime: int = 60, refresh: str = "standard") -> None:
        """Open the clinic, follow its button to Auth, come back, and choose the mode."""
        self.choose_before(mode=mode, lifetime=lifetime, refresh=refresh)
        self.page.goto(self.demo.page)
        self.page.get_by_role("link", name="Log in at Auth").click()
        self.give_password(f"{who}@clinic.example", PASSWORDS[who])
        self.settle()

    def choose_before(self, *, mode: str, lifetime: int = 60, refresh: str = "standard") -> None:
        kept, choices = "clinic.choices", {"mode": mode, "lifetime": lifetime, "refresh": refresh}
        self.context.add_init_script(
            f"localStorage.getItem('{kept}') ?? localStorage.setItem('{kept}', '{json.dumps(choices)}')"
        )

    def hear_nothing(self) -> None:
        """Without the open request that says when the pass ends, the page finds out by what is refused."""
        self.page.route("**/demo/end-of-pass", lambda route: route.fulfill(status=503))

    def give_password(self, email: str, password: str) -> None:
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Log in").click()

    def settle(self) -> None:
        """Wait until the clinic is shown and nothing is under way."""
        expect(self.page.locator("body[data-state=ready][data-loads][data-busy=false]")).to_be_attached()

    def load(self) -> None:
        """Load the four sections once more."""
        loads = self.page.locator("body").get_attribute("data-loads") or ""
        self.page.get_by_role("button", name="Load again").click()
        expect(self.page.locator("body")).not_to_have_attribute("data-loads", loads)
        self.settle()

    def load_until(self, words: str) -> None:
        """Load until the page says that this has happened; the Services may not have heard of it yet."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.page.locator("#happened").inner_text():
            assert time.monotonic() < deadline
            self.load()

    def switch(self, mode: str) -> None:
        self.page.get_by_role("radio", name=mode).check()
        self.settle()

    def last(self) -> tuple[str, str, str]:
        """Requests at the Services, requests at Auth, look-ups: of the last load, as the page shows them."""
        services, auth, lookups = (self.page.locator(f"#last-{name}").inner_text() for name in ROW)
        return services, auth, lookups

    def total(self, kind: str) -> list[int]:
        """Times, Services, Auth, look-ups of the table of totals."""
        cells = self.page.locator(f"#total-{kind} td").all_inner_texts()
        return [int(cell) for cell in cells[:4]]

    def answers(self) -> dict[str, str]:
        """What became of each of the four sections."""
        names = ("profile", "people", "appointments", "slots")
        return {name: self.page.locator(f"#{name}").get_attribute("data-answer") or "" for name in names}

    def renewals(self) -> int:
        return int(self.page.locator("body").get_attribute("data-renewals") or "")


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Browser, demo: Demo) -> Iterator[Visit]:
    """Come with a new browser; at the end nobody may have complained, and no foreign host been asked."""
    visitors: list[Visitor] = []

    def come(**options: object) -> Visitor:
        context = browser.new_context(**options)  # type: ignore[arg-type]  # the keywords of Playwright
        context.set_default_timeout(PATIENCE * 1000)
        visitor = Visitor(demo, context, context.new_page())
        context.on("request", lambda request: visitor.hosts.add(urlsplit(request.url).netloc))
        context.on("console", lambda message: _note(visitor, message))
        context.on("weberror", lambda error: visitor.complaints.append(str(error.error)))
        visitors.append(visitor)
        return visitor

    yield come
    for visitor in visitors:
        visitor.context.close()
        assert visitor.complaints == []
        assert visitor.hosts <= {f"127.0.0.1:{demo.port + step}" for step in range(3)}


def _note(visitor: Visitor, message: ConsoleMessage) -> None:
    expected = EXPECTED_ON_CONSOLE.match(message.text) or IS_DOWN.search(message.text)
    if message.type in {"error", "warning"} and not expected:
        visitor.complaints.append(message.text)
