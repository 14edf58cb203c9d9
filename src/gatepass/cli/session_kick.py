"""`gatepass session kick`: end somebody's session."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.output import write_answer
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("sid", help="public id of the session; see 'gatepass session list'")
    add_json_option(parser)
    parser.epilog = "example:\n  gatepass session kick Q83vEjRWeJCrze8SNFZ4kA"


def run(args: argparse.Namespace) -> int:
    """End the session and its refresh tokens."""
    with_auth(args, lambda auth: usecases.end_session(auth, sid=args.sid, actor="cli", now=time.time()))
    write_answer(args, {"sid": args.sid, "ended": True}, f"Ended session {args.sid}.")
    return 0
