"""The launcher's words before anything is started."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from examples.clinic import launcher, seeding
from examples.clinic.people import ACCOUNTS, ROLES
from tests.ports import free_ports

if TYPE_CHECKING:
    from pathlib import Path


def test_a_taken_port_is_named_with_a_way_to_choose_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _, last = free_ports(3)
    with socket.create_server(("127.0.0.1", last)):
        assert launcher.main(["--port", str(first), "--data", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert f"Port {last} is taken" in said
    assert "make demo PORT=9000" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("port", ["80", "65534", "many"])
def test_a_port_that_cannot_be_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        launcher.main(["--port", port])
    assert "--port" in capsys.readouterr().err


def test_a_reset_deletes_nothing_that_is_not_the_demos(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(seeding.SeedingFailed):
        seeding.forget(tmp_path)
    assert (tmp_path / "thesis.tex").exists()


def test_a_reset_deletes_the_demos_folder(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / seeding.SETTINGS).touch()
    seeding.forget(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_every_account_has_known_roles_and_a_doctor_who_is_one() -> None:
    doctors = {account.email for account in ACCOUNTS if "doctor" in account.roles}
    for account in ACCOUNTS:
        assert set(account.roles) <= set(ROLES)
        assert account.doctor is None or account.doctor in doctors
    assert len({account.email for account in ACCOUNTS}) == len(ACCOUNTS)
