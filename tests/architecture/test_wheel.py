"""The built wheel, without extras, in an environment that holds nothing but the base dependencies."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")

BASE = {"cffi", "cryptography", "gatepass", "msgspec", "pycparser"}


@pytest.fixture(scope="module")
def empty_environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with our wheel and what it asks for."""
    if not UV.exists():
        pytest.skip("uv is not beside this Python; `make test` puts it there")
    folder = tmp_path_factory.mktemp("wheel")
    run(str(UV), "build", "--wheel", "--no-build-isolation", "--quiet", "--out-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    run(str(UV), "venv", "--quiet", "--python", sys.executable, str(folder / "venv"))
    python = folder / "venv" / "bin" / "python"
    run(str(UV), "pip", "install", "--quiet", "--python", str(python), str(wheel))
    return python


def run(*command: str) -> str:
    """What the command printed; its errors with the failure, where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_base_install_brings_two_packages_and_what_they_need(empty_environment: Path) -> None:
    listing = run(str(UV), "pip", "freeze", "--quiet", "--python", str(empty_environment))
    names = {line.split("==")[0].split(" @")[0].lower() for line in listing.splitlines()}
    assert names <= BASE
    assert {"gatepass", "cryptography", "msgspec"} <= names


@pytest.mark.parametrize(
    "floor",
    [
        *("gatepass.jose", "gatepass.oauth", "gatepass.verifier"),
        *("gatepass.verifier.asgi", "gatepass.verifier.wsgi"),
        *("gatepass.testing", "gatepass.testing.issuer", "gatepass.testing.attacks"),
    ],
)
def test_a_service_imports_its_floor_without_the_login_server(empty_environment: Path, floor: str) -> None:
    loaded = run(str(empty_environment), "-c", f"import {floor}, sys; print(*sys.modules)").split()
    assert floor in loaded
    assert not {"gatepass.auth", "gatepass.server", "gatepass.storage", "aiohttp", "argon2"} & set(loaded)


def test_the_command_explains_a_token_with_the_base_install(empty_environment: Path) -> None:
    # RFC 7519 §3.1: the standard's own example
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    shown = run(str(empty_environment.with_name("gatepass")), "token", "show", token)
    assert "HS256" in shown
    assert "joe" in shown


def test_a_team_tests_its_service_with_the_base_install(empty_environment: Path) -> None:
    program = """
import asyncio
from gatepass.testing import FakeIssuer, attacks_on
from gatepass.verifier import Unauthenticated

async def main():
    issuer = FakeIssuer()
    verifier = issuer.verifier()
    await verifier.ready()
    print(verifier.check_token(issuer.token("ada")).subject)
    for attack in attacks_on(issuer):
        try:
            verifier.check_token(attack.token)
            print("let in", attack.name)
        except Unauthenticated:
            pass
    await verifier.close()

asyncio.run(main())
"""
    assert run(str(empty_environment), "-c", program) == "ada\n"


def test_what_needs_an_http_client_says_so(empty_environment: Path) -> None:
    command = str(empty_environment.with_name("gatepass"))
    options = ("--issuer", "https://login.example", "--audience", "clinic")
    done = subprocess.run(
        [command, "token", "explain", "a.b.c", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'gatepass[verifier]'" in done.stderr


def test_types_are_shipped(empty_environment: Path) -> None:
    where = run(str(empty_environment), "-c", "import gatepass; print(gatepass.__file__)").strip()
    assert Path(where).with_name("py.typed").exists()
