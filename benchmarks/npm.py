"""Peers from npm, installed on demand into `benchmarks/node`."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent / "node"


def node_with(package: str, say: Callable[[str], None]) -> str | None:
    """Give the command `node`, the package being there; None, said loudly, where either can't be had."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        say(f"{package}: SKIPPED, there is no Node on this machine")
        return None
    if not (FOLDER / "node_modules" / package).exists():
        done = subprocess.run(
            [npm, "install", "--silent", "--no-package-lock"], cwd=FOLDER, capture_output=True, check=False
        )
        if done.returncode:
            say(f"{package}: SKIPPED, npm could not install it")
            return None
    return node
