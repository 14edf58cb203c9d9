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


def test_types_are_shipped(empty_environment: Path) -> None:
    where = run(str(empty_environment), "-c", "import gatepass; print(gatepass.__file__)").strip()
    assert Path(where).with_name("py.typed").exists()
