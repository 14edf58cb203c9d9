"""`gatepass keys retire`: a key gives way early, or, when somebody else may have it, at once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.consent import add_yes_option, ask
from gatepass.cli.keys_list import key_row
from gatepass.cli.output import local_time, write_json
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, KeyRecord


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("kid", help="id of the key; see 'gatepass keys list'")
    parser.add_argument(
        "--emergency",
        action="store_true",
        help="somebody else may have the key: forget it now, and let no token of it hold",
    )
    add_yes_option(parser)
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass keys retire Pq3LrMEn1yPuxXlmEPhtYdA33qDBGDP0wVUBOkSLpQE\n"
        "  gatepass keys retire --emergency Pq3LrMEn1yPuxXlmEPhtYdA33qDBGDP0wVUBOkSLpQE\n\n"
        "An emergency is asked about, since nothing brings the key back; in a script say --yes.\n"
        "Early, another key is published and takes over after keys.publish_ahead; nobody is logged out.\n"
        "In an emergency another one signs at once, and every token of this one is refused. Clients with a\n"
        "session or a refresh token get new ones unnoticed; who renews with the token itself logs in again."
    )


def run(args: argparse.Namespace) -> int:
    """Retire the key."""
    if args.emergency:
        ask(args, _what_goes(args.kid))
    retire = usecases.revoke_key if args.emergency else usecases.retire_key

    async def retired(auth: Auth) -> KeyRecord:
        return await retire(auth, kid=args.kid, now=time.time())

    record = with_auth(args, retired)
    if args.json:
        write_json(key_row(record))
    elif args.emergency:
        print(f"Key {args.kid} is forgotten. Key {record.kid} ({record.alg}) signs.")
    else:
        print(f"Key {record.kid} ({record.alg}) signs from {local_time(record.activates_at)}.")
    return 0


def _what_goes(kid: str) -> str:
    return (
        f"Key {kid} is forgotten for good, and every token of it is refused.\n"
        "Clients with a session or a refresh token get new ones unnoticed; who renews with the token itself\n"
        "logs in again."
    )
