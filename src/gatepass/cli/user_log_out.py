"""`gatepass user log-out`: every session of the user ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.output import write_json
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth
from gatepass.cli.user_rows import user_row

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, User


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("email", help="e-mail address of the user")
    add_json_option(parser)
    parser.epilog = (
        "example:\n  gatepass user log-out ann@example.org\n\n"
        "Sessions, refresh tokens and access tokens of the user stop holding at once; they may log in again."
    )


def run(args: argparse.Namespace) -> int:
    """End all sessions of the user."""

    async def log_out(auth: Auth) -> User:
        return await usecases.log_out_everywhere(auth, email=args.email, actor="cli", now=time.time())

    user = with_auth(args, log_out)
    if args.json:
        write_json(user_row(user))
    else:
        print(f"Logged out {user.name} <{user.email}>.")
    return 0
