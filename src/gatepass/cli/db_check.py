"""`gatepass db check`: whether the database is whole, and its keys can be opened."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from gatepass.auth import AuthError, opens
from gatepass.cli.failure import CommandFailed
from gatepass.cli.output import write_json
from gatepass.cli.site_access import add_json_option, add_settings_option, settings_of
from gatepass.storage import checking
from gatepass.storage.sqlite.look import SqliteLook
from gatepass.wiring import WiringError, read_kek

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Secret
    from gatepass.settings import Settings
    from gatepass.storage.checking import Report
    from gatepass.storage.postgres.look import PostgresLook


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument(
        "--database", metavar="PATH|URL", help="another database than the one of the settings"
    )
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass db check\n"
        "  gatepass db check --database postgresql://gatepass@db.example.org/gatepass --json\n"
        "  gatepass db check --database backup.db && echo good\n\n"
        "Ends with 0 if all is well, 1 if not. Changes nothing; Auth may go on meanwhile. Looked at: the\n"
        "file itself (SQLite), the schema, what refers to what, the revocation feed, the event log, and\n"
        "whether the key-encryption key opens every signing key."
    )


def run(args: argparse.Namespace) -> int:
    """Look at everything; 1 where something is wrong."""
    settings = settings_of(args)
    try:
        kek = read_kek(settings.keys.kek_file)
        with closing(_look(settings, args.database)) as look:
            report = checking.check(look)
            sealed = _sealed(look, kek) if report.counts else []
    except (AuthError, WiringError) as error:
        raise CommandFailed(str(error)) from None
    report = msgspec.structs.replace(report, findings=[*report.findings, *sealed])
    if args.json:
        write_json({"ok": not report.findings, **msgspec.structs.asdict(report)})
    else:
        _tell(report)
    return 1 if report.findings else 0


def _look(settings: Settings, named: str | None) -> SqliteLook | PostgresLook:
    address = named or settings.database.url or settings.database.path
    if not address.startswith(("postgresql:", "postgres:")):
        return SqliteLook(address)
    try:
        from gatepass.storage.postgres.look import PostgresLook  # late: only who uses it has the driver
    except ModuleNotFoundError:
        raise CommandFailed(
            "PostgreSQL's driver is not here; run: pip install 'gatepass[postgres]'"
        ) from None
    return PostgresLook(address)


def _sealed(look: SqliteLook | PostgresLook, kek: Secret) -> list[str]:
    """Say which keys the key-encryption key does not open."""
    return [
        f"signing key {record.kid}: this key-encryption key does not open it"
        for record in checking.signing_keys(look)
        if not opens(record, kek=kek)
    ]


def _tell(report: Report) -> None:
    print(f"schema {report.schema} of {report.newest}")
    for table, number in report.counts.items():
        print(f"  {table.replace('_', ' '):<16} {number:>12,}")
    if not report.findings:
        print("All is well.")
    for finding in report.findings:
        print(f"WRONG: {finding}")
