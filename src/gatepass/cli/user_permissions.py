"""`gatepass user permissions`: all the permissions of a user, in one go."""

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
    parser.add_argument(
        "permission", nargs="*", help="such as appointments:read; all that the user is to hold directly"
    )
    parser.add_argument("--none", action="store_true", help="take all of them away")
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass user permissions ann@example.org reports:read\n"
        "  gatepass user permissions root@example.org gatepass:admin\n"
        "  gatepass user permissions ann@example.org --none\n\n"
        "What the roles carry stays. Only this command gives or takes gatepass:admin."
    )


def run(args: argparse.Namespace) -> int:
    """Set the permissions."""
    if bool(args.permission) == args.none:
        raise CommandMisused("name all the permissions that the user is to hold, or say --none")

    async def set_permissions(auth: Auth) -> User:
        return await usecases.set_permissions(
            auth, email=args.email, permissions=args.permission, actor="cli", now=time.time()
        )

    user = with_auth(args, set_permissions)
    may = ", ".join(sorted(user.granted)) or "nothing"
    write_answer(args, user_row(user), f"{user.name} <{user.email}> may: {may}.")
    return 0
