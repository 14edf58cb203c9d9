"""Users in and out by file: CSV and JSON Lines, a report of what was refused, and what comes out comes in."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gatepass.auth import ImportRun, usecases
from gatepass.cli import main, progress
from gatepass.cli.refusal_report import RefusalReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gatepass.auth import Auth, Judged, Line

HASH = "pbkdf2_sha1$1$salt$DGDID5YfDnHzqbUkr2ASBi/gN6Y="
KNOWN = (
    "SELECT id, email, first_name, last_name, roles, permissions, granted, created_at FROM users ORDER BY id"
)
HEADER = "email,first_name,last_name,password_hash,roles\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return new_site(tmp_path / "site", monkeypatch)


def new_site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    assert main(["init", str(folder), "--audience", "clinic"]) == 0
    monkeypatch.setenv("GATEPASS_SETTINGS", str(folder / "gatepass.toml"))
    assert main(["role", "define", "doctor", "people:read"]) == 0
    return folder


def rows(site: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(site / "gatepass.db")) as database:
        return database.execute(statement).fetchall()


def test_two_thousand_users_come_in_and_what_is_refused_is_told(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = site / "people.csv"
    lines = [f"user{n}@example.org,Ann,Lee,{HASH},doctor" for n in range(2_000)]
    lines[1] = f"nowhere,Ann,Lee,{HASH},doctor"
    lines[1_200] = "user1200@example.org,Ann,Lee,hunter22,doctor"
    lines[1_900] = lines[3]
    lines[1_901] = 'user1901@example.org,"Ann,Lee,x,doctor'
    people.write_text(HEADER + "\n".join(lines))
    assert main(["user", "import", str(people)]) == 1
    assert rows(site, "SELECT count(*) FROM users") == [(1_996,)]
    assert rows(site, "SELECT count(*) FROM events WHERE kind = 'user_imported' AND actor = 'cli'") == [
        (1_996,)
    ]
    said = (site / "people.csv.refused").read_text()
    assert said.splitlines() == [
        "3: email: is not an e-mail address",
        "1202: password_hash: is in no form that is known here",
        "1902: email: stands in an earlier line",
        "1903: line: is no line of CSV by itself; is a quotation mark missing?",
    ]
    out = capsys.readouterr()
    assert "1996 users imported, 4 lines refused" in out.out
    assert "100%  line 2,001" in out.err
    assert "hunter22" not in said + out.out + out.err


def test_a_dry_run_tells_the_same_and_writes_nothing(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people = site / "people.csv"
    people.write_text(
        HEADER + f"ann@example.org,Ann,Lee,{HASH},\n" * 2 + f"bob@example.org,,Lee,{HASH},nurse\n"
    )
    assert main(["user", "import", str(people), "--dry-run"]) == 1
    assert "1 user would be imported, 2 lines refused" in capsys.readouterr().out
    assert (site / "people.csv.refused").read_text().count("\n") == 2
    assert rows(site, "SELECT count(*) FROM users") == [(0,)]
    assert rows(site, "SELECT count(*) FROM imports") == [(0,)]
    assert main(["user", "import", str(people)]) == 1  # and the import is not taken for done


def test_a_file_is_imported_once(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people, copy = site / "people.csv", site / "copy.csv"
    for file in (people, copy):
        file.write_text(HEADER + f"ann@example.org,Ann,Lee,{HASH},\n")
    assert main(["user", "import", str(people)]) == 0
    assert not (site / "people.csv.refused").exists()
    assert main(["user", "import", str(copy)]) == 1
    assert "imported already" in capsys.readouterr().err
    assert main(["user", "import", str(copy), "--resume"]) == 0
    assert rows(site, "SELECT count(*) FROM users") == [(1,)]


def test_other_names_of_columns_are_mapped_or_passed_over(site: Path) -> None:
    people = site / "export.txt"
    people.write_text("\ufeffmail,given,family,phone\r\nann@example.org,Ann,Lee,123\r\n", encoding="utf-8")
    names = ["email=mail", "first_name=given", "last_name=family", "=phone"]
    maps = [word for name in names for word in ("--map", name)]
    assert main(["user", "import", str(people), "--format", "csv", *maps]) == 0
    assert rows(site, "SELECT email, status FROM users") == [("ann@example.org", "invited")]


JSON_LINES = {
    "1: line: is no JSON": "{",
    "2: line: must be an object of texts": '["ann@example.org"]',
    "3: line: must be an object of texts": '{"email": {"a": 1}}',
    "4: line: has a column that is none of": '{"email": "a@example.org", "password": "hunter22"}',
    "5: line: has more than 16384 bytes": '{"email": "' + "a" * 20_000 + '"}',
    "6: email: is not an e-mail address": "{}",
}


def test_broken_json_lines_are_refused_one_by_one(site: Path) -> None:
    people = site / "people.jsonl"
    good = {"email": "ann@example.org", "first_name": "Ann", "last_name": "Lee", "disabled": True}
    good |= {"roles": ["doctor"], "password_hash": None, "created_at": 1_700_000_000.5}
    bad = b"\xff\xfe\n"
    text = "\n".join([*JSON_LINES.values(), "", json.dumps(good)])
    people.write_bytes(text.encode() + b"\n" + bad)
    assert main(["user", "import", str(people)]) == 1
    said = (site / "people.jsonl.refused").read_text().splitlines()
    assert [line.startswith(start) for line, start in zip(said, JSON_LINES, strict=False)] == [True] * 6
    assert said[6:] == ["9: line: is not UTF-8"]
    assert rows(site, "SELECT email, status, roles, created_at FROM users") == [
        ("ann@example.org", "disabled", "doctor", 1_700_000_000.5)
    ]


HEADERS = {
    "has no email": "first_name,last_name",
    "--map first_name=THEIRS --map last_name=THEIRS": "email,vorname",
    "has a column that is none of": "email,first_name,last_name,phone",
    "has a column twice": "email,first_name,last_name,email",
}


@pytest.mark.parametrize(("reason", "header"), HEADERS.items())
def test_a_header_of_no_use_is_told(
    site: Path, capsys: pytest.CaptureFixture[str], reason: str, header: str
) -> None:
    people = site / "people.csv"
    people.write_text(header + "\n")
    assert main(["user", "import", str(people)]) == 1
    assert reason in capsys.readouterr().err


def test_a_line_with_too_few_columns_is_refused(site: Path) -> None:
    people = site / "people.csv"
    people.write_text(HEADER + f"ann@example.org,Ann,Lee\nbob@example.org,Bob,Lee,{HASH},\n")
    assert main(["user", "import", str(people)]) == 1
    assert (site / "people.csv.refused").read_text() == "2: line: has 3 columns, and the first line 5\n"


def test_a_file_that_is_no_report_is_not_overwritten(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    people, other = site / "people.csv", site / "diary.txt"
    people.write_text(HEADER + "nobody,,,,\n")
    for diary in ("dear diary\n", "17 reasons\n", "\xff"):
        other.write_text(diary, encoding="latin-1")
        for option in ("--dry-run", "--resume"):
            assert main(["user", "import", str(people), option, "--report", str(other)]) == 1
            assert "is no report of an import" in capsys.readouterr().err
        assert other.read_text(encoding="latin-1") == diary
    other.write_text("1: a line of an older report\n")  # the twin
    assert main(["user", "import", str(people), "--report", str(other)]) == 1
    assert other.read_text() == "2: email: is not an e-mail address\n"


def test_what_is_torn_or_still_to_come_is_cut_off_a_report(tmp_path: Path) -> None:
    path = tmp_path / "people.csv.refused"
    for torn in (b"", b"1", b"17: em", b"17: email: is not an e-mail address\n"):
        path.write_bytes(b"2: id: stands in an earlier line\n5: roles: one that is not defined\n" + torn)
        RefusalReport(path, after=5).close()
        assert path.read_bytes().endswith(b"5: roles: one that is not defined\n"), torn


def test_a_file_that_two_import_at_once_is_imported_once(
    site: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    people = site / "people.csv"
    people.write_text(HEADER + f"ann@example.org,Ann,Lee,{HASH},\n")
    judge = usecases.judge_users

    async def judge_late(auth: Auth, lines: Sequence[Line], *, seen: set[str], now: float) -> Judged:
        judged = await judge(auth, lines, seen=seen, now=now)
        await usecases.import_users(auth, judged, run=None, after=ImportRun("other", 1, 1), now=now)
        return judged

    monkeypatch.setattr(usecases, "judge_users", judge_late)
    assert main(["user", "import", str(people)]) == 1
    assert "go on: --resume" in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setenv("GATEPASS_SETTINGS", str(site / "gatepass.toml"))
    assert main(["user", "import", str(people), "--resume"]) == 1
    assert (site / "people.csv.refused").read_text() == "2: email: an account has it already\n"
    assert rows(site, "SELECT count(*) FROM users") == [(1,)]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_is_exported_comes_in_again_without_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    site = new_site(tmp_path / "one", monkeypatch)
    people: list[dict[str, object]] = [
        {"email": "ann@example.org", "first_name": 'A"nn, of', "last_name": "Łee", "roles": ["doctor"]},
        {
            "email": "bob@example.org",
            "first_name": "Bob",
            "last_name": "=Lee",
            "permissions": ["gatepass:admin"],
        },
        {"email": "eve@example.org", "first_name": "Eve", "last_name": "Lee", "disabled": True},
    ]
    lines = [
        json.dumps(person | {"password_hash": HASH, "created_at": 1_700_000_000.25}) for person in people
    ]
    (site / "people.jsonl").write_text("\n".join(lines))
    assert main(["user", "import", str(site / "people.jsonl")]) == 0
    assert main(["user", "export", "--format", form, "-o", str(site / f"out.{form}")]) == 0
    written = (site / f"out.{form}").read_text()
    assert "pbkdf2" not in written
    assert (site / f"out.{form}").stat().st_mode & 0o777 == 0o600
    before = rows(site, KNOWN)
    other = new_site(tmp_path / "two", monkeypatch)
    assert main(["user", "import", str(site / f"out.{form}")]) == 0
    assert rows(other, KNOWN) == before
    statuses = rows(other, "SELECT status FROM users ORDER BY email")
    assert statuses == [("invited",), ("invited",), ("disabled",)]
    assert main(["user", "export", "--format", form, "-o", str(site / f"out.{form}")]) == 1
    capsys.readouterr()
    assert main(["user", "export", "--format", form]) == 0
    assert capsys.readouterr().out == written
    if form == "csv":
        assert next(csv.DictReader(io.StringIO(written)))["first_name"] == 'A"nn, of'


def test_where_a_person_looks_on_one_line_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    shown = progress.Progress(200)
    shown.show(50, "50 users")
    shown.show(200, "200 users")
    shown.close()
    assert terminal.getvalue().count("\r") == 2
    assert terminal.getvalue().endswith("#" * 30 + " 100%  200 users\n")


MISUSES = ["email", "mail=email", "email="]


@pytest.mark.parametrize("option", MISUSES)
def test_a_map_that_maps_nothing_is_a_wrong_call(site: Path, option: str) -> None:
    (site / "people.csv").write_text(HEADER)
    with pytest.raises(SystemExit) as left:
        main(["user", "import", str(site / "people.csv"), "--map", option])
    assert left.value.code == 2


def test_an_export_that_fails_leaves_no_file(site: Path) -> None:
    (site / "gatepass.kek").unlink()
    assert main(["user", "export", "-o", str(site / "out.csv")]) == 1
    assert not (site / "out.csv").exists()
