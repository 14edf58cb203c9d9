"""An environment for each peer from PyPI, made on demand; nothing of it is in the project's lock file."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".peers"


def environment(name: str, requirements: Sequence[str], say: Callable[[str], None]) -> Path | None:
    """Give the folder of its programs; None, said loudly, where it can't be made."""
    home = FOLDER / name
    mark = home / "requirements.txt"
    wanted = "\n".join(requirements)
    if mark.exists() and mark.read_text() == wanted:
        return home / "bin"
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        say(f"{name}: SKIPPED, there is no uv beside {sys.executable} ('make setup' puts it there)")
        return None
    say(f"installing {name} ...")
    for command in (
        [str(uv), "venv", "--quiet", "--clear", "--python", sys.executable, str(home)],
        [str(uv), "pip", "install", "--quiet", "--python", str(home / "bin" / "python"), *requirements],
    ):
        if subprocess.run(command, capture_output=True, check=False).returncode:
            say(f"{name}: SKIPPED, its packages could not be installed")
            return None
    mark.write_text(wanted)
    return home / "bin"
