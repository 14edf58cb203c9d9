"""`gatepass user roles`: all the roles of a user, in one go."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import RoleUnknown, usecases
from gatepass.cli.failure import CommandMisused
from gatepass.cli.grant_options import role_missing
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
    parser.add_argument("role", nargs="*", help="a role that is defined; all that the user is to hold")
    parser.add_argument("--none", action="store_true", help="take all of them away")
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass user roles ann@example.org doctor nurse\n"
        "  gatepass user roles ann@example.org --none\n\n"
        "What the user may do follows with the next token or session check; nobody is logged out."
    )


def run(args: argparse.Namespace) -> int:
    """Set the roles."""
    if bool(args.role) == args.none:
        raise CommandMisused("name all the roles that the user is to hold, or say --none")

    async def set_roles(auth: Auth) -> User:
        try:
            return await usecases.set_roles(
                auth, email=args.email, roles=args.role, actor="cli", now=time.time()
            )
        except RoleUnknown as error:
            raise role_missing(error, args.role) from None

    user = with_auth(args, set_roles)
    may = ", ".join(sorted(user.granted)) or "nothing"
    write_answer(args, user_row(user), f"{user.name} <{user.email}> may: {may}.")
    return 0
