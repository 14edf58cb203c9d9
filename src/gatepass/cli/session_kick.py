"""`gatepass session kick`: end somebody's session."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.output import write_json
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("sid", help="public id of the session; see 'gatepass session list'")
    add_json_option(parser)
    parser.epilog = "example:\n  gatepass session kick Q83vEjRWeJCrze8SNFZ4kA"


def run(args: argparse.Namespace) -> int:
    """End the session and its refresh tokens."""

    async def kick(auth: Auth) -> None:
        await usecases.end_session(auth, sid=args.sid, actor="cli", now=time.time())

    with_auth(args, kick)
    if args.json:
        write_json({"sid": args.sid, "ended": True})
    else:
        print(f"Ended session {args.sid}.")
    return 0
