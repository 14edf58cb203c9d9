"""`gatepass db copy`: a copy that is older than its source is kept for a rehearsal only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gatepass.cli import main
from gatepass.storage.handover import Snapshot

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["init", str(tmp_path), "--audience", "clinic"]) == 0
    monkeypatch.setenv("GATEPASS_SETTINGS", str(tmp_path / "gatepass.toml"))
    assert main(["role", "define", "doctor", "people:read"]) == 0


def test_what_was_written_meanwhile_is_not_lost_in_silence(
    postgres_url: str,
    postgres_database: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Snapshot, "grew", lambda _: True)
    assert main(["db", "copy", "--to", postgres_url]) == 1
    assert "nothing was kept: stop Auth" in capsys.readouterr().err
    assert postgres_database.execute("SELECT * FROM roles").fetchall() == []
    assert main(["db", "copy", "--to", postgres_url, "--allow-growth"]) == 0
    out = capsys.readouterr().out
    assert "that is not in the copy" in out
    assert "switch over:" not in out
    assert postgres_database.execute("SELECT * FROM roles").fetchall() == [("doctor", "people:read")]


def test_where_nobody_wrote_the_way_on_is_told(postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "copy", "--to", postgres_url]) == 0
    said = capsys.readouterr()
    assert "roles            1" in said.out
    assert "To switch over:" in said.out
    assert "postgresql://" not in said.out + said.err
