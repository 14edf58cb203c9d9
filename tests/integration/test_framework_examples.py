"""Each example of a framework is started as its page says, and asked what one would ask it."""

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

import httpx
import pytest
from tests.docs.pages import ROOT, blocks
from tests.integration.conftest import PATIENCE, Site
from tests.integration.test_both_modes import bearer, log_in
from tests.ports import free_port

pytestmark = pytest.mark.xdist_group("auth")

FOLDER: Final = ROOT / "examples" / "frameworks"
COMMANDS: Final = [
    line for block in blocks(FOLDER / "README.md", "console") for line in block.text.splitlines()
]
MODULES: Final = {path.stem for path in FOLDER.glob("*.py")}


@pytest.fixture(scope="module")
def audience() -> str:
    """Give the name that `gatepass init` writes, which is the examples' too."""
    return "my-site"


def module(command: str) -> str:
    (found,) = (word for word in command.split() if word.startswith("examples.frameworks."))
    return found.removeprefix("examples.frameworks.").removesuffix(":app")


@pytest.mark.parametrize("command", COMMANDS, ids=map(module, COMMANDS))
def test_an_example_runs_as_its_page_says(
    command: str, site: Site, client: httpx.Client, tmp_path: Path
) -> None:
    pass_ = bearer(log_in(client, mode="token")["access_token"])
    port = str(free_port())
    words = [word.replace("8001", port) for word in shlex.split(command)]
    start = [sys.executable] if words[0] == "python" else [sys.executable, "-m", words[0]]
    variables = {"GATEPASS_ISSUER": site.url, "PORT": port, "no_proxy": "*"}
    with (tmp_path / "log").open("wb") as log:
        service = subprocess.Popen(
            [*start, *words[1:]], cwd=ROOT, env=os.environ | variables, stdout=log, stderr=log
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as knock:
            _wait(knock, pass_, service, tmp_path / "log")
            assert knock.get("/open").json() == {"hello": "stranger"}
            assert knock.get("/open", headers=pass_).json() == {"hello": "Ann Lee"}
            assert len(knock.get("/me", headers=pass_).json()["subject"]) > 8
            assert knock.get("/appointments", headers=pass_).json() == {"doctor": "Ann Lee"}
            refused = knock.get("/appointments")
            assert (refused.status_code, refused.headers["www-authenticate"]) == (
                401,
                'Bearer realm="my-site"',
            )
            assert knock.get("/elsewhere").status_code == 404
    finally:
        service.terminate()
        service.wait(PATIENCE)


def _wait(knock: httpx.Client, pass_: dict[str, str], service: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the Service is up, and has its keys."""
    end = time.monotonic() + PATIENCE
    while True:
        assert service.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        try:
            if knock.get("/me", headers=pass_).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)


def test_every_example_has_its_command_and_fits_on_a_page() -> None:
    assert {module(command) for command in COMMANDS} == MODULES
    assert all(len(path.read_text().splitlines()) <= 40 for path in FOLDER.glob("*.py"))


def test_every_adapter_is_sugar_of_at_most_60_lines() -> None:
    adapters = ROOT / "src" / "gatepass" / "verifier" / "adapters"
    assert all(len(path.read_text().splitlines()) <= 60 for path in adapters.glob("*.py"))
