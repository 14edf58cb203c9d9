"""`gatepass user enable`: they may log in again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.output import write_answer
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth
from gatepass.cli.user_rows import user_row

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("email", help="e-mail address of the user")
    add_json_option(parser)
    parser.epilog = (
        "example:\n  gatepass user enable ann@example.org\n\n"
        "Nothing from before comes back: the user logs in anew. Only this command enables administrators."
    )


def run(args: argparse.Namespace) -> int:
    """Enable the user."""
    user = with_auth(
        args, lambda auth: usecases.enable_user(auth, email=args.email, actor="cli", now=time.time())
    )
    write_answer(args, user_row(user), f"Enabled {user.name} <{user.email}>.")
    return 0
