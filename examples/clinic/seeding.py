"""The first start: keys, roles, people and appointments, made with the `gatepass` command."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

from examples.clinic.bookings import Bookings
from examples.clinic.config import AUDIENCE, Clinic
from examples.clinic.directory import Directory, Person
from examples.clinic.people import ACCOUNTS, ROLES, Account

from gatepass.cli import main as command_line

SETTINGS = "gatepass.toml"
INTERRUPTED = 130  # the exit status of a command that Ctrl-C stopped
DONE = "seeded"  # the last thing written: a start that was interrupted begins again


class SeedingFailed(Exception):
    """A command said no; the text holds its words."""


def is_done(data: Path) -> bool:
    """Whether an earlier start has made everything."""
    return (data / DONE).exists()


def forget(data: Path) -> None:
    """Delete the data folder. Raises SeedingFailed for a folder that is not the demo's."""
    if data.exists() and any(data.iterdir()) and not (data / SETTINGS).exists():
        raise SeedingFailed(f"{data} does not look like the demo's data; nothing was deleted.")
    shutil.rmtree(data, ignore_errors=True)


def seed(clinic: Clinic) -> None:
    """Make everything that the demo starts with. Raises SeedingFailed."""
    forget(clinic.data)  # what an interrupted start has left
    clinic.data.mkdir(parents=True, exist_ok=True)
    _run("init", str(clinic.data), "--audience", AUDIENCE, "--port", str(clinic.port))
    for role, permissions in ROLES.items():
        _run("role", "define", "--settings", str(clinic.data / SETTINGS), role, *permissions)
    ids = {account.email: _add(clinic, account) for account in ACCOUNTS}
    people = [
        Person(
            id=ids[account.email],
            first_name=account.first_name,
            last_name=account.last_name,
            email=account.email,
            roles=list(account.roles),
            doctor=ids[account.doctor] if account.doctor else None,
        )
        for account in ACCOUNTS
    ]
    Directory(clinic.data).write(people)
    Bookings(clinic.data).fill(people, today=datetime.now(UTC).astimezone())
    (clinic.data / DONE).touch()


def _add(clinic: Clinic, account: Account) -> str:
    """Add one user; gives the id."""
    command = ["user", "add", "--settings", str(clinic.data / SETTINGS), "--password-stdin", "--json"]
    command += [account.email]
    command += ["--first-name", account.first_name, "--last-name", account.last_name]
    for role in account.roles:
        command += ["--role", role]
    for permission in account.permissions:
        command += ["--permission", permission]
    said = _run(*command, stdin=account.password)
    return str(json.loads(said)["id"])


def gatepass(*arguments: str) -> list[str]:
    """The `gatepass` command of this virtual environment."""
    return [str(Path(sysconfig.get_path("scripts")) / "gatepass"), *arguments]


def auth_variables(clinic: Clinic) -> dict[str, str]:
    """Auth's settings that depend on the ports, and those that only a demo wants."""
    told = {
        "GATEPASS_SETTINGS": str(clinic.data / SETTINGS),
        "GATEPASS_ISSUER": clinic.auth,
        "GATEPASS_SERVER__PORT": str(clinic.port),
        "GATEPASS_SERVER__APP_ORIGINS": clinic.users,
        "GATEPASS_SERVER__COUNTERS": "true",
    }
    return told | ({"GATEPASS_ENCRYPTION__KEY_FILE": str(clinic.public_key)} if clinic.encrypted else {})


def make_encryption_key(clinic: Clinic) -> None:
    """Make the Services' key, and its public half for Auth, unless they are there. Raises SeedingFailed."""
    if not clinic.private_key.exists():
        _run("key", "generate", "ECDH-ES+A256KW", "--out", str(clinic.private_key))
    if not clinic.public_key.exists():
        _run("key", "convert", str(clinic.private_key), "--out", str(clinic.public_key))


def _run(*arguments: str, stdin: str = "") -> str:
    """Run `gatepass` with these arguments; in this process, since a dozen times its start would be felt."""
    said, complained = io.StringIO(), io.StringIO()
    terminal, sys.stdin = sys.stdin, io.StringIO(stdin)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
            status = command_line(arguments)
    finally:
        sys.stdin = terminal
    if status == INTERRUPTED:
        raise KeyboardInterrupt
    if status != 0:
        raise SeedingFailed(f"`gatepass {' '.join(arguments[:2])}` failed:\n{complained.getvalue().strip()}")
    return said.getvalue()
