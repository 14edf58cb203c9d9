"""The whole way from SQLite to PostgreSQL with the command: rehearse, switch over, and go on."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.integration.conftest import PASSWORD, PATIENCE, Site, running_site

from gatepass.verifier import FeedTerms, Principal, Unauthenticated, Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.cluster.database import Database


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a running Auth of its own: this one moves."""
    with running_site(tmp_path_factory.mktemp("moving"), "clinic") as made:
        yield made


def post(site: Site, path: str, **body: str) -> dict[str, Any]:
    answer = httpx.post(f"{site.url}{path}", json=body, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def feed(site: Site) -> tuple[str, int]:
    with closing(sqlite3.connect(site.folder / "gatepass.db", timeout=PATIENCE)) as database:
        return tuple(database.execute("SELECT log, head FROM feed").fetchone())


def test_a_site_moves_and_nobody_has_to_log_in_again(site: Site, postgres_server: Database) -> None:
    database = f"moving_{site.port}"
    postgres_server.execute(f"CREATE DATABASE {database}")
    url = postgres_server.url(database).replace("gatepass@", "gatepass:hunter2@")
    tokens = post(site, "/api/login", email="ann@example.org", password=PASSWORD, mode="token")
    kicked = post(site, "/api/login", email="ann@example.org", password=PASSWORD, mode="session")
    site.run("session", "kick", kicked["sid"])

    checked = json.loads(site.run("db", "check", "--json"))
    assert (checked["ok"], checked["counts"]["users"]) == (True, 2)

    # Auth goes on during the rehearsal: readers and writers of the file are in nobody's way.
    said = site.run("db", "copy", "--to", url, "--allow-growth")
    assert "users" in said
    assert "hunter2" not in said
    refused = site.run("db", "copy", "--to", url, code=1)
    assert "not empty" in refused
    assert "hunter2" not in refused
    postgres_server.execute("DROP SCHEMA gatepass CASCADE", database)

    site.stop()
    copied = json.loads(site.run("db", "copy", "--to", url, "--json"))
    assert not copied["source_grew"]
    before = feed(site)
    site.env["GATEPASS_DATABASE__URL"] = url
    checked = json.loads(site.run("db", "check", "--json"))
    assert (checked["ok"], checked["counts"]["users"]) == (True, 2)
    site.start()
    again = post(site, "/api/refresh", refresh_token=tokens["refresh_token"])
    assert again["access_token"] != tokens["access_token"]
    log, head = postgres_server.execute("SELECT log, head FROM gatepass.feed", database)[0]
    assert (log, head) == before


async def test_a_service_that_follows_the_feed_goes_on_across_the_move(
    site: Site, postgres_server: Database
) -> None:
    """Before, while Auth is away, and after: who is in stays in, and who was kicked out stays out."""
    database = f"followed_{site.port}"
    postgres_server.execute(f"CREATE DATABASE {database}")
    told = {name: await asyncio.to_thread(log_in, site) for name in ("stays", "kicked", "kicked later")}
    passes = {name: str(tokens["access_token"]) for name, tokens in told.items()}
    checks = Verifier(issuer=site.url, audience="clinic", feed=FeedTerms(first_retry=0.1, longest_retry=0.5))
    await checks.ready(PATIENCE)
    users = {name: await checks.check(token) for name, token in passes.items()}
    over = asyncio.Event()
    watching = asyncio.create_task(watched(checks, passes, over))

    await asyncio.to_thread(site.run, "session", "kick", str(told["kicked"]["sid"]))
    await ended(checks, users["kicked"])
    log, head = await asyncio.to_thread(move, site, postgres_server.url(database))
    await asyncio.to_thread(site.run, "session", "kick", str(told["kicked later"]["sid"]))
    await ended(checks, users["kicked later"])

    over.set()
    assert await watching == {"stays": [True], "kicked": [True, False], "kicked later": [True, False]}
    assert postgres_server.execute("SELECT log, head FROM gatepass.feed", database)[0] == (log, head + 1)
    await checks.close()


def log_in(site: Site) -> dict[str, Any]:
    return post(site, "/api/login", email="ann@example.org", password=PASSWORD, mode="token")


async def ended(checks: Verifier, user: Principal) -> None:
    async with asyncio.timeout(PATIENCE):
        await checks.end_of(user)


def move(site: Site, url: str) -> tuple[str, int]:
    """Switch over; gives where the feed stood in the file."""
    site.stop()
    site.run("db", "copy", "--to", url)
    site.env["GATEPASS_DATABASE__URL"] = url
    site.start()
    return feed(site)


async def watched(checks: Verifier, passes: dict[str, str], over: asyncio.Event) -> dict[str, list[bool]]:
    """Knock with each pass again and again; gives the answers of each, as often as they changed."""
    seen: dict[str, list[bool]] = {name: [] for name in passes}
    is_last = False
    while not is_last:
        is_last = over.is_set()
        for name, token in passes.items():
            answer = await is_let_in(checks, token)
            if seen[name][-1:] != [answer]:
                seen[name].append(answer)
        await asyncio.sleep(0.02)
    return seen


async def is_let_in(checks: Verifier, token: str) -> bool:
    try:
        await checks.check(token)
    except Unauthenticated:
        return False
    return True


def test_a_database_under_another_key_or_with_a_hole_is_told(site: Site) -> None:
    site.stop()
    kek = site.folder / "gatepass.kek"
    right = kek.read_bytes()
    kek.write_bytes(b"A" * 43 + b"=\n")
    assert "does not open it" in json.loads(said(site))["findings"][0]
    kek.write_bytes(right)
    assert json.loads(said(site))["ok"]
    with closing(sqlite3.connect(site.folder / "gatepass.db")) as database, database:
        database.execute("DELETE FROM feed")
    assert json.loads(said(site))["findings"] == ["no row in feed"]
    assert "there is no database" in site.run("db", "check", "--database", "none.db", code=1)


def said(site: Site) -> str:
    """Give what the check writes to standard output, whatever it found."""
    command = site.command("db", "check", "--json")
    return subprocess.run(
        command, env=site.variables(), capture_output=True, text=True, check=False, timeout=PATIENCE
    ).stdout


def test_nothing_is_copied_from_where_there_is_nothing(site: Site, postgres_url: str) -> None:
    site.env["GATEPASS_DATABASE__PATH"] = "elsewhere.db"
    assert "there is no database" in site.run("db", "copy", "--to", postgres_url, code=1)
    del site.env["GATEPASS_DATABASE__PATH"]
    for bad in ("postgresql://tester:hunter2@127.0.0.1:1/x", "postgresql://tester:hunter2@/x?no=such"):
        assert "hunter2" not in site.run("db", "copy", "--to", bad, code=1)
    site.env["GATEPASS_DATABASE__URL"] = postgres_url
    assert "database.url is set" in site.run("db", "copy", "--to", postgres_url, code=1)
