"""`gatepass user delete`: the account goes, and all that is theirs."""

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
    parser.add_argument("email", help="e-mail address of the user")
    add_json_option(parser)
    parser.epilog = (
        "example:\n  gatepass user delete ann@example.org\n\n"
        "Sessions, tokens, password, name and e-mail address go; the event log keeps the id. It can not be\n"
        "undone: to shut somebody out for a while there is 'gatepass user disable'."
    )


def run(args: argparse.Namespace) -> int:
    """Delete the user."""
    user = with_auth(
        args, lambda auth: usecases.delete_user(auth, email=args.email, actor="cli", now=time.time())
    )
    gone = {"id": user.id, "email": user.email, "deleted": True}
    write_answer(args, gone, f"Deleted {user.name} <{user.email}>.")
    return 0
