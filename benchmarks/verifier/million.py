"""A million live entries: what they weigh on the way and at a Service; and what streams weigh at Auth."""

import json
import secrets
import sqlite3
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.verifier.auth import Auth, make_site, serving, serving_again
from benchmarks.verifier.kicks import Crowd, following
from benchmarks.verifier.processes import LOAD_CORE, SERVICE_CORE, kilobytes, on_core, python, running
from benchmarks.verifier.sizes import Size

LIFETIME = 3_660  # seconds that an entry is kept
SPREAD = 60  # different ends: entries of one hour, whose ends are whole minutes


@dataclass(slots=True)
class Figures:
    """Megabytes are millions of bytes."""

    entries: int
    answer_mb: float
    pages: int
    load_seconds: float
    """Until the Service's view is complete; Auth reads and signs on the other core meanwhile."""
    held_mb: float
    """What Python holds more with the view than without (tracemalloc)."""
    peak_mb: float
    rss_mb: float
    """What the process has more of, with what the allocator keeps for later."""
    streams: int
    streams_mb: float
    """What Auth needs more with so many streams open."""


def measure(folder: Path, size: Size, say: Callable[[str], None]) -> Figures:
    """Fill a database, serve it, and read it."""
    on_core(LOAD_CORE)
    say(f"a view of {size.entries:,} entries ...")
    site = folder / "million"
    make_site(site)
    with serving_again(site):
        pass  # makes the tables
    _fill(site / "gatepass.db", size.entries)
    with serving_again(site) as auth:
        plain = _loaded(auth, folder, "plain")
        traced = _loaded(auth, folder, "traced")
        answer, pages = _full_answer(auth)
    streams = max(size.followers)
    say(f"{streams:,} streams at Auth ...")
    with serving(folder / "streams") as auth:
        streams_mb = _streams(auth, streams, folder)
    return Figures(
        entries=int(plain["entries"]),
        answer_mb=answer / 1e6,
        pages=pages,
        load_seconds=plain["seconds"],
        held_mb=traced["held_mb"],
        peak_mb=traced["peak_mb"],
        rss_mb=plain["rss_mb"],
        streams=streams,
        streams_mb=streams_mb,
    )


def _fill(database: Path, count: int) -> None:
    """Write entries as so many logged-out people would: each of another user, so nothing is joined."""
    first_end = (int(time.time()) + LIFETIME) // 60 * 60
    rows = (
        (
            seq,
            "sid",
            secrets.token_urlsafe(16),
            0,
            first_end + seq * SPREAD // (count + 1) * 60,
            f"user-{seq}",
        )
        for seq in range(1, count + 1)
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.executemany("INSERT INTO revocations VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute("UPDATE feed SET head = ?", (count,))


def _loaded(auth: Auth, folder: Path, how: str) -> dict[str, float]:
    command = python("benchmarks.verifier.loading", auth.url, how)
    with running(command, core=SERVICE_CORE, variables={}, log=folder / "loading.log") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
    if not line:
        raise RuntimeError((folder / "loading.log").read_text()[-2000:])
    figures: dict[str, float] = json.loads(line)
    return figures


def _full_answer(auth: Auth) -> tuple[int, int]:
    """Read page after page as a Service does; gives the bytes and the pages."""
    total = pages = 0
    after = ""
    while True:
        text = auth.text(f"/revocations{after}")
        total, pages = total + len(text), pages + 1
        claims = json.loads(urlsafe_b64decode(text.split(b".")[1] + b"=="))
        if not claims["more"]:
            return total, pages
        after = f"?after={claims['log']}.{claims['seq']}"


def _streams(auth: Auth, count: int, folder: Path) -> float:
    before = kilobytes(auth.pid, "Rss")
    with following(auth.url, Crowd(0, count, (SERVICE_CORE,)), [], folder):
        return (kilobytes(auth.pid, "Rss") - before) / 1e3
