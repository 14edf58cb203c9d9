"""`gatepass db copy`: from the SQLite file to PostgreSQL, the way to more than one process."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec

from gatepass.auth import AuthError
from gatepass.cli.failure import CommandFailed
from gatepass.cli.output import write_json, write_table
from gatepass.cli.progress import Progress
from gatepass.cli.site_access import add_json_option, add_settings_option, settings_of

if TYPE_CHECKING:
    import argparse

    from gatepass.storage.handover import Copied, Snapshot

SWITCH_OVER = """
Everything is there, counted and compared. To switch over:
  1. Leave Auth stopped that writes into the file: what it wrote from now on would be missed.
  2. Set the new address: database.url in the settings in the place of database.path, or the variable
     GATEPASS_DATABASE__URL. The key-encryption key stays the same.
  3. gatepass db check, then gatepass serve.
Sessions, tokens and the revocation feed go on where they were. Keep the file: until Auth serves from
PostgreSQL it is the way back."""

GREW = """
Auth wrote into the file meanwhile, and that is not in the copy (--allow-growth): good for a rehearsal.
To switch over, stop Auth, take an empty database and copy again."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument(
        "--to",
        metavar="URL",
        required=True,
        help="an empty PostgreSQL database; a password is better kept in ~/.pgpass or PGPASSWORD",
    )
    parser.add_argument(
        "--allow-growth", action="store_true", help="keep the copy even if Auth wrote meanwhile: a rehearsal"
    )
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass db copy --to postgresql://gatepass@db.example.org/gatepass --allow-growth\n"
        "  systemctl stop gatepass && gatepass db copy --to postgresql://gatepass@db.example.org/gatepass\n\n"
        "One moment of the file is copied, in one transaction. Auth may go on, but what it writes meanwhile\n"
        "is not in the copy, and unless that is allowed nothing is kept. Stop Auth for the real one:\n"
        "Services in token mode go on from memory for as long as their contract says."
    )


def run(args: argparse.Namespace) -> int:
    """Copy, and say how to switch over."""
    settings = settings_of(args)
    if settings.database.url is not None:
        raise CommandFailed("database.url is set: the settings must name the file to copy, by database.path")
    try:
        from gatepass.storage import handover  # late: only who uses PostgreSQL has its driver
    except ModuleNotFoundError:
        raise CommandFailed(
            "PostgreSQL's driver is not here; run: pip install 'gatepass[postgres]'"
        ) from None
    try:
        with closing(handover.Snapshot(settings.database.path)) as snapshot:
            copied, grew = asyncio.run(_copied(snapshot, args.to, allow_growth=args.allow_growth))
    except (AuthError, handover.HandoverFailed) as error:
        raise CommandFailed(str(error)) from None
    if args.json:
        write_json({"tables": [msgspec.structs.asdict(one) for one in copied], "source_grew": grew})
        return 0
    rows = [[one.table, f"{one.rows:,}", one.checksum[:16]] for one in copied]
    write_table(["TABLE", "ROWS", "CHECKSUM"], rows, empty="")
    print(GREW if grew else SWITCH_OVER)
    return 0


async def _copied(snapshot: Snapshot, url: str, *, allow_growth: bool) -> tuple[list[Copied], bool]:
    from gatepass.storage.handover import SourceGrew, copy

    grew = False

    def judge() -> None:
        nonlocal grew
        grew = snapshot.grew()
        if grew and not allow_growth:
            raise SourceGrew(
                "somebody wrote into the file while it was copied, so nothing was kept: stop Auth and copy "
                "again, or rehearse with --allow-growth"
            )

    total = 2 * sum(snapshot.counts.values())  # each row is sent and read back
    with closing(Progress(total)) as progress:
        copied = await copy(
            snapshot, url, judge=judge, tell=lambda done: progress.show(done, f"{done // 2:,} rows")
        )
    return copied, grew
