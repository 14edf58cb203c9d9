"""The hot operations with ever more sessions in the table: the figures should stay."""

import contextlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.cluster.database import Database

from benchmarks.auth import own
from benchmarks.auth.rounds import Figures, figures, measure
from benchmarks.auth.sizes import Size, short
from benchmarks.auth.subjects import CHECK, REFRESH

ROOM = 2_600
"""Bytes that a session needs on the disk while a table is filled: its row, its user's share, its refresh
record, all indexes (800 to 1,000 in all), and more than as much again for logs and sorting."""
CURVED = (CHECK, REFRESH)


@dataclass(slots=True)
class Measured:
    """The whole part."""

    operations: dict[str, dict[str, Figures]]
    """Each beside the smallest table of its database."""
    gigabytes: dict[str, float]
    """Of each database."""


def run(folder: Path, server: Database | None, size: Size, say: Callable[[str], None]) -> Measured:
    """Fill every table, serve them all, and measure them in turns."""
    with contextlib.ExitStack() as stack:
        subjects, bases, gigabytes = [], {}, {}
        for kind in ("SQLite", "PostgreSQL"):
            if kind == "PostgreSQL" and server is None:
                continue
            counts = _possible(size.sessions, kind, folder, say)
            for count in counts:
                name = f"{kind}, {short(count)}"
                say(f"filling {name} ...")
                site = folder / f"{kind.lower()}-{short(count)}"
                if server is None or kind == "SQLite":
                    filled = own.gatepass_on_sqlite(site, count)
                else:
                    filled = own.gatepass_on_postgres(site, server, count)
                subjects.append(stack.enter_context(own.served(name, filled)))
                bases[name] = f"{kind}, {short(counts[0])}"
                gigabytes[name] = filled.bytes / 1e9
        found = {}
        for operation in CURVED:
            say(f"{operation} ...")
            rounds = measure(
                subjects, operation, count=size.curve_rounds, seconds=size.seconds, before=lambda: None
            )
            found[operation] = figures(rounds, bases)
    return Measured(found, gigabytes)


def _possible(wanted: Sequence[int], kind: str, folder: Path, say: Callable[[str], None]) -> tuple[int, ...]:
    """Pass over what the disk has no room for, loudly."""
    folder.mkdir(parents=True, exist_ok=True)
    possible = []
    for count in wanted:
        free = shutil.disk_usage(folder).free
        if free < count * ROOM:
            say(
                f"{kind}, {short(count)}: SKIPPED, it needs {count * ROOM / 1e9:.1f} GB of room in"
                f" {folder.parent}, and there are {free / 1e9:.1f} (TMPDIR chooses another place)"
            )
        else:
            possible.append(count)
    return tuple(possible)
