"""The tutorial is done as it says: real commands, real processes, and what one sees is compared.

Only the ports differ, a password comes from standard input where a person types it, and SID is the session
that the reader would pick from the list.
"""

import doctest
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from tests.docs.pages import DOCS, Block, blocks
from tests.ports import free_ports

PAGE: Final = DOCS / "tutorial" / "first-service.md"
PASSWORD: Final = "correct horse battery"
TYPED: Final = ("Password:", "Once more:")
PATIENCE: Final = 60.0  # seconds for a process to say what it should, and to answer


class Reader:
    """Does what the page says, in a folder of its own."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.folder = folder
        self.running = running
        auth, service = free_ports(2)
        self.ports = {"127.0.0.1:8000": f"127.0.0.1:{auth}", "127.0.0.1:8001": f"127.0.0.1:{service}"}
        self.auth = f"http://127.0.0.1:{auth}"
        self.variables = {"GATEPASS_ISSUER": self.auth, "GATEPASS_SERVER__PORT": str(auth), "no_proxy": "*"}
        self.service_port = str(service)
        self.names: dict[str, Any] = {}
        self.done: list[str] = []
        self.service: subprocess.Popen[bytes] | None = None
        self.does: dict[str, Callable[[Block], None]] = {
            "console": self.console,
            "python": self.write,
            "diff": self.change,
            "pycon": self.talk,
        }

    def read(self, block: Block) -> None:
        """Do one block, with the ports that are free here."""
        text = block.text
        for shown, here in self.ports.items():
            text = text.replace(shown, here)
        self.does[block.language](block._replace(text=text))

    def console(self, block: Block) -> None:
        """Give the commands, and compare what they print."""
        first, *prompts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
        if first == "^C\n":
            _stop(self.service)
        else:
            assert first == ""
        for prompt in prompts:
            line, _, seen = prompt.partition("\n")
            self.done.append(line)
            self.command(shlex.split(line), seen)

    def command(self, words: list[str], seen: str) -> None:
        """Give one command."""
        if words[0] == "pip":
            return  # the environment of the tests has it all
        if words == ["gatepass", "serve"]:
            self.start([str(_gatepass()), "serve"], seen)
        elif words[0] == "uvicorn":
            words = [word.replace("8001", self.service_port) for word in words]
            self.service = self.start([sys.executable, "-m", *words], seen)
        else:
            printed = self.finish([self.names["entered"]["sid"] if word == "SID" else word for word in words])
            assert _pattern(seen).search(printed), f"{words}: {printed}"

    def finish(self, words: list[str]) -> str:
        """Run `gatepass …` to its end and give what it printed."""
        typed = None
        if words[1:3] == ["user", "add"]:
            words, typed = [*words, "--password-stdin"], PASSWORD + "\n"
        assert words[0] == "gatepass"
        run = subprocess.run(
            [str(_gatepass()), *words[1:]],
            cwd=self.folder,
            env=os.environ | self.variables,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def start(self, words: list[str], seen: str) -> "subprocess.Popen[bytes]":
        """Start a process and wait until it has said what the page shows."""
        log = self.folder / f"{len(self.done)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                words,
                cwd=self.folder,
                env=os.environ | self.variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.running.callback(_stop, process)
        pattern, end = _pattern(seen), time.monotonic() + PATIENCE
        while not pattern.search(log.read_text()):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.02)
        return process

    def write(self, block: Block) -> None:
        """Save the file that the block's first line names."""
        name = block.text.partition("\n")[0].removeprefix("# ")
        (self.folder / name).write_text(block.text)

    def change(self, block: Block) -> None:
        """Replace a line of the Service."""
        old, new = (line[1:] + "\n" for line in block.text.splitlines())
        file = self.folder / "clinic.py"
        assert file.read_text().count(old) == 1
        file.write_text(file.read_text().replace(old, new))

    def talk(self, block: Block) -> None:
        """Type the lines into Python, and compare what it answers."""
        said: list[str] = []
        test = doctest.DocTestParser().get_doctest(block.text, self.names, PAGE.name, str(PAGE), block.line)
        runner = doctest.DocTestRunner(verbose=False)
        assert runner.run(test, out=said.append, clear_globs=False).failed == 0, "".join(said)
        self.names = test.globs


def _gatepass() -> Path:
    return Path(sys.executable).with_name("gatepass")


def _pattern(seen: str) -> re.Pattern[str]:
    """Give what a person would call the same text: `…` is anything, lines too."""
    text = "\n".join(line for line in seen.splitlines() if line not in TYPED)
    return re.compile(".*".join(re.escape(part.strip(" ")) for part in text.split("…")), re.DOTALL)


def _stop(process: "subprocess.Popen[bytes] | None") -> None:
    assert process is not None
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    for verb in ("get", "post"):  # the page's own requests too: httpx alone would wait for 5 s
        monkeypatch.setattr(httpx, verb, partial(getattr(httpx, verb), timeout=PATIENCE))
    with ExitStack() as running:
        yield Reader(tmp_path, running)


def test_the_tutorial_shows_what_one_sees(reader: Reader) -> None:
    for block in blocks(PAGE, *reader.does):
        reader.read(block)
        if reader.done[-1:] == ["gatepass serve"] and block.language == "console":
            page = httpx.get(reader.auth, follow_redirects=True)  # the page that the reader opens
            assert page.status_code == 200
            assert 'type="password"' in page.text
    assert sum(line.startswith("uvicorn ") for line in reader.done) == 2  # one for each mode
    assert (reader.folder / "gatepass.kek").stat().st_mode & 0o777 == 0o600


def test_another_sight_is_noticed() -> None:
    assert _pattern("Ended session ….\n").search("Ended session abc.\n")
    assert not _pattern("Ended session ….\n").search("Ended nothing.\n")
