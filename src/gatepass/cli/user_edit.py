"""`gatepass user edit`: other names or another e-mail address; never a password."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.failure import CommandMisused
from gatepass.cli.output import write_answer
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth
from gatepass.cli.user_rows import user_row

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, User


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("email", help="e-mail address of the user")
    parser.add_argument("--first-name")
    parser.add_argument("--last-name")
    parser.add_argument("--new-email", help="the address that the user is to have")
    add_json_option(parser)
    parser.epilog = (
        "example:\n  gatepass user edit ann@example.org --last-name Lee --new-email ann.lee@example.org\n\n"
        "Nobody is logged out. A notice goes to the old address; an invitation goes to the new one again."
    )


def run(args: argparse.Namespace) -> int:
    """Edit the user."""
    if args.first_name is None and args.last_name is None and args.new_email is None:
        raise CommandMisused("give --first-name, --last-name or --new-email")

    async def edit(auth: Auth) -> User:
        return await usecases.edit_user(
            auth,
            email=args.email,
            new_email=args.new_email,
            first_name=args.first_name,
            last_name=args.last_name,
            actor="cli",
            now=time.time(),
        )

    user = with_auth(args, edit)
    write_answer(args, user_row(user), f"Now {user.name} <{user.email}>.")
    return 0
