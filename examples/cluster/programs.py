"""Where the system's programs are: nginx, and those of PostgreSQL."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]


class NotHere(Exception):
    """A program of the system is missing; the text says how to get it."""


def nginx() -> Path:
    """Find nginx: the system's, or the one that `tools/ensure-nginx` unpacked. Raises `NotHere`."""
    found = shutil.which("nginx")
    places = [Path(found)] if found else []
    for place in (*places, Path("/usr/sbin/nginx"), ROOT / ".nginx/usr/sbin/nginx"):
        if place.exists():
            return place
    raise NotHere("nginx is not here; tools/ensure-nginx fetches it")


def postgres() -> Path:
    """Find the folder of `initdb` and `postgres`, the newest version's. Raises `NotHere`."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    installed = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not installed:
        raise NotHere("PostgreSQL is not here; tools/ensure-postgres fetches it")
    return max(installed, key=lambda folder: float(folder.parent.name))
