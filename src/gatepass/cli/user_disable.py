"""`gatepass user disable`: from this moment every pass of the user stops holding."""

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
        "example:\n  gatepass user disable ann@example.org\n\n"
        "The user's sessions and refresh tokens are refused at once, and access tokens by every Service\n"
        "that follows the revocation feed; one that does not takes them until they expire."
    )


def run(args: argparse.Namespace) -> int:
    """Disable the user."""
    user = with_auth(
        args, lambda auth: usecases.disable_user(auth, email=args.email, actor="cli", now=time.time())
    )
    write_answer(args, user_row(user), f"Disabled {user.name} <{user.email}>.")
    return 0
