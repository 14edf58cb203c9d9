"""An import that is killed again and again: nobody is lost, and nobody is there twice."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.conftest import PATIENCE, Site
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg


USERS, KILLS = 2_000, 4
HASH = "pbkdf2_sha1$1$salt$DGDID5YfDnHzqbUkr2ASBi/gN6Y="
IMPORT = """
import itertools, sys, time
from gatepass.cli import main, user_import

batches, most = user_import._batches, int(sys.argv.pop(1))
user_import.BATCH = 20

def some(users, *, after):
    yield from itertools.islice(batches(users, after=after), most)
    time.sleep(3600)

if most:
    user_import._batches = some
sys.exit(main())
"""
"""Takes so many small batches at most, and then waits to be killed; 0: imports to the end."""
SHARE = USERS // 20 // (KILLS + 1)
"""Batches of one that is killed: however late that is, there are some left."""


@pytest.fixture(params=["sqlite", "postgres"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    made = Site(tmp_path, free_port())
    made.run("init", str(tmp_path), "--audience", "clinic", "--port", str(made.port))
    if request.param == "postgres":
        made.env = {"GATEPASS_DATABASE__URL": request.getfixturevalue("postgres_url")}
    made.run("role", "define", "doctor", "people:read")
    return made


@pytest.fixture
def ask(site: Site, request: pytest.FixtureRequest) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask the database beside Auth."""
    if site.env:
        database: psycopg.Connection[Any] = request.getfixturevalue("postgres_database")
        return lambda statement: database.execute(statement.encode()).fetchall()

    def of_sqlite(statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(site.folder / "gatepass.db", timeout=PATIENCE)) as database:
            return database.execute(statement).fetchall()

    return of_sqlite


def write_people(file: Path) -> list[int]:
    """Write the file; gives the numbers of the lines that can't be imported."""
    bad = list(range(5, USERS, 97))
    lines = ["email,first_name,last_name,password_hash,roles"]
    lines += [
        f"{'nobody' if number in bad else f'user{number}@example.org'},Ann,Lee,{HASH},doctor"
        for number in range(2, USERS + 2)
    ]
    file.write_text("\n".join(lines))
    return bad


def killed_underway(site: Site, command: list[str], ask: Callable[[str], list[tuple[Any, ...]]]) -> None:
    """Kill the import when it has written something, wherever it stands."""
    before = ask("SELECT line FROM imports")
    process = subprocess.Popen(command, env=site.variables(), stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while ask("SELECT line FROM imports") == before:
            assert process.poll() is None
            assert time.monotonic() < deadline
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)


def test_an_import_that_is_killed_again_and_again_loses_and_doubles_nobody(
    site: Site, ask: Callable[[str], list[tuple[Any, ...]]]
) -> None:
    people = site.folder / "people.csv"
    bad = write_people(people)
    order = ["user", "import", str(people), "--resume"]
    for _ in range(KILLS):
        killed_underway(site, [sys.executable, "-c", IMPORT, str(SHARE), *order], ask)
    [(_, line, _, _, finished)] = ask("SELECT * FROM imports")
    assert 0 < line < USERS
    assert not finished
    assert f"up to line {line}" in site.run("user", "import", str(people), code=1)
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, "0", *order],
        env=site.variables(),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    good = USERS - len(bad)
    assert (done.returncode, done.stdout.partition(":")[0]) == (
        1,
        f"{good} users imported, {len(bad)} lines refused",
    )
    assert ask("SELECT count(*), count(DISTINCT email) FROM users") == [(good, good)]
    told = ask("SELECT count(*), count(DISTINCT user_id) FROM events WHERE kind = 'user_imported'")
    assert told == [(good, good)]
    reported = (site.folder / "people.csv.refused").read_text().splitlines()
    assert [int(text.partition(":")[0]) for text in reported] == bad
