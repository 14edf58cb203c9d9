"""Whether a database is whole: a sound one has no findings, and each thing that can be wrong is found."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.samples import fill
from tests.stores import open_at

from gatepass.auth import StorageUnavailable
from gatepass.storage import SqliteStore, checking
from gatepass.storage.postgres.look import PostgresLook
from gatepass.storage.sqlite.look import SqliteLook

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg


def look_at(address: str) -> SqliteLook | PostgresLook:
    return PostgresLook(address) if address.startswith("postgresql:") else SqliteLook(address)


async def test_a_sound_database_has_no_findings(address: str) -> None:
    store = await open_at(address)
    await fill(store)
    with closing(look_at(address)) as look:
        report = checking.check(look)
        assert [key.kid for key in checking.signing_keys(look)] == ["k1"]
    await store.close()
    assert report.findings == []
    assert report.schema == report.newest
    assert (report.counts["users"], report.counts["sessions"], report.counts["events"]) == (1, 1, 0)


BROKEN = {
    "sessions of no user": "UPDATE sessions SET user_number = 9",
    "refresh records of no session": "UPDATE refresh_records SET session_place = 9",
    "links of no user": "UPDATE links SET user_id = 'gone'",
    "mails of a user who is gone": "UPDATE mails SET user_id = 'gone'",
    "names of no user": "UPDATE user_names SET user_id = 'gone'",
    "roles held by no user": "UPDATE user_roles SET user_id = 'gone'",
    "roles held that are not defined": "DELETE FROM roles",
    "users whose list of roles says something else than who holds them": "UPDATE users SET roles = 'nurse'",
    "users without a name to be found by": "DELETE FROM user_names",
    "entries of the revocation feed outside of its bounds": (
        "INSERT INTO revocations VALUES (7, 'sid', 's', 0, 9, NULL)"
    ),
    "feeds whose end lies before their beginning": "UPDATE feed SET floor = 5",
    "signing keys that sign without a private half": "UPDATE signing_keys SET sealed_private = NULL",
    "events written out beyond the last one": "UPDATE event_export SET place = 9",
    "1 sessions that their hash does not find": "UPDATE sessions SET place = 9",
    "1 refresh records that their hash does not find": "UPDATE refresh_records SET hash = x'00'",
    "no row in feed": "DELETE FROM feed",
    "no row in event_export": "DELETE FROM event_export",
}


def test_everything_that_is_asked_is_broken_here() -> None:
    assert set(BROKEN) >= set(checking.WRONG)


@pytest.mark.parametrize(("words", "statement"), BROKEN.items(), ids=BROKEN)
async def test_what_is_wrong_is_found(tmp_path: Path, words: str, statement: str) -> None:
    path = tmp_path / "gatepass.db"
    store = SqliteStore.open(path)
    await fill(store)
    await store.close()
    with closing(sqlite3.connect(path)) as database, database:  # does not ask for references
        database.execute(statement)
    with closing(SqliteLook(path)) as look:
        findings = checking.check(look).findings
    assert any(words in finding for finding in findings)


async def test_an_address_may_have_options_of_its_own(postgres_url: str) -> None:
    await (await open_at(postgres_url)).close()
    with closing(PostgresLook(f"{postgres_url}&options=-c%20search_path%3Dpublic")) as look:
        assert checking.check(look).findings == []


OF_POSTGRESQL = {
    "2 events beyond the log's end": "INSERT INTO events (seq, at, kind) VALUES (1, 0, 'x'), (2, 0, 'x')",
    "1 entries of the revocation feed outside of its bounds": BROKEN[
        "entries of the revocation feed outside of its bounds"
    ],
    "1 roles held that are not defined": "DELETE FROM roles",
    "1 users without a name to be found by": "DELETE FROM user_names",
    "1 users whose list of roles says something else than who holds them": "UPDATE users SET roles = ''",
}


@pytest.mark.parametrize(("words", "statement"), OF_POSTGRESQL.items(), ids=OF_POSTGRESQL)
async def test_what_is_wrong_is_found_on_postgresql(
    postgres_url: str, postgres_database: psycopg.Connection[Any], words: str, statement: str
) -> None:
    store = await open_at(postgres_url)
    await fill(store)
    await store.close()
    postgres_database.execute(statement.encode())
    with closing(PostgresLook(postgres_url)) as look:
        assert checking.check(look).findings == [words]


async def test_a_file_with_a_broken_page_is_found_out(tmp_path: Path) -> None:
    path = tmp_path / "gatepass.db"
    store = SqliteStore.open(path)
    await fill(store)
    await store.close()
    whole = path.read_bytes()
    place = whole.index(b"ada@example.org")
    path.write_bytes(whole[: place - 40] + b"\xff" * 60 + whole[place + 20 :])
    with closing(SqliteLook(path)) as look:
        try:
            assert any("SQLite" in finding for finding in checking.check(look).findings)
        except StorageUnavailable as error:
            assert "CORRUPT" in str(error)  # noqa: PT017 (either is a finding)


async def test_another_schema_is_told_and_nothing_else_asked(tmp_path: Path) -> None:
    path = tmp_path / "gatepass.db"
    await SqliteStore.open(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 3")
    with closing(SqliteLook(path)) as look:
        report = checking.check(look)
    assert report.schema == 3
    assert "schema 3" in report.findings[0]


def test_what_is_no_database_of_ours_is_told(tmp_path: Path, postgres_server: Any) -> None:
    (tmp_path / "diary.db").write_text("dear diary, " * 1_000)
    with closing(sqlite3.connect(tmp_path / "songs.db")) as database:
        database.execute("CREATE TABLE songs (title TEXT)")
    for name in ("none.db", "diary.db", "songs.db"):
        with pytest.raises(StorageUnavailable):
            SqliteLook(tmp_path / name)
    with closing(PostgresLook(postgres_server.url("template1"))) as look, pytest.raises(StorageUnavailable):
        checking.check(look)
