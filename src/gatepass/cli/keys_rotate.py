"""`gatepass keys rotate`: a new signing key, ahead of time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from gatepass.auth import usecases
from gatepass.cli.keys_list import key_row
from gatepass.cli.output import local_time, write_json
from gatepass.cli.site_access import add_json_option, add_settings_option, settings_of, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, KeyRecord


# Those that a settings file may name too.
ALGORITHMS: Final = ("ES256", "Ed25519", "RS256", "PS256")


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument(
        "--algorithm", "--alg", choices=ALGORITHMS, help="of the new key (default: the settings')"
    )
    add_json_option(parser)
    parser.epilog = (
        "examples:\n  gatepass keys rotate\n  gatepass keys rotate --algorithm Ed25519\n\n"
        "The new key is published at once and signs after keys.publish_ahead, so that every Service knows\n"
        "it by then; the old one stays published until its last token is dead. Nobody is logged out.\n"
        "For another algorithm, 'gatepass keys plan' says what Services must do, and by when."
    )


def run(args: argparse.Namespace) -> int:
    """Publish a new key."""

    async def rotate(auth: Auth) -> KeyRecord:
        return await usecases.rotate_keys(auth, alg=args.algorithm, now=time.time())

    record = with_auth(args, rotate)
    if args.json:
        write_json(key_row(record))
    else:
        print(f"Published key {record.kid} ({record.alg}); it signs from {local_time(record.activates_at)}.")
        in_settings = settings_of(args).keys.algorithm
        if record.alg != in_settings:
            print(
                f'The settings name {in_settings}: set keys.algorithm = "{record.alg}" too, or Auth '
                "goes back to it with its next start."
            )
    return 0
