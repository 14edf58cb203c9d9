"""`gatepass keys list`: which keys there are and what each does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import usecases
from gatepass.cli.failure import CommandFailed
from gatepass.cli.output import local_time, write_json, write_table
from gatepass.cli.site_access import add_json_option, add_settings_option, settings_of, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import KeyRecord

MEANING: Final[dict[str, str]] = {
    "next": "published, signs soon",
    "active": "signs",
    "retiring": "published until its last token is dead",
    "retired": "renews old tokens only",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    add_json_option(parser)
    parser.epilog = "example:\n  gatepass keys list"


def run(args: argparse.Namespace) -> int:
    """List the keys, oldest first."""
    file = settings_of(args).keys.shared_secret_file
    if file is not None:
        raise CommandFailed(
            f"there are no signing keys: this site shares a secret ({file}) with its Services"
        )
    records = with_auth(args, usecases.list_keys)
    if args.json:
        write_json([key_row(record) for record in records])
        return 0
    rows = [
        [
            r.kid,
            r.alg,
            r.state.value,
            MEANING[r.state.value],
            local_time(r.created_at),
            local_time(r.activates_at),
        ]
        for r in records
    ]
    titles = ["KID", "ALG", "STATE", "MEANING", "CREATED", "SIGNS FROM"]
    write_table(titles, rows, empty="No keys yet; the first is made when Auth starts.")
    return 0


def key_row(record: KeyRecord) -> dict[str, object]:
    """Show a key to a script; nothing of its private half."""
    return {
        "kid": record.kid,
        "alg": record.alg,
        "state": record.state.value,
        "created_at": int(record.created_at),
        "activates_at": int(record.activates_at),
        "retires_at": None if record.retires_at is None else int(record.retires_at),
    }
