"""`gatepass user add`: a user, with a password that never stands on the command line."""

from __future__ import annotations

import getpass
import sys
import time
from typing import TYPE_CHECKING

from gatepass.auth import RoleUnknown, usecases
from gatepass.cli.failure import CommandFailed, CommandMisused
from gatepass.cli.grant_options import add_grant_options, role_missing
from gatepass.cli.output import write_answer
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth
from gatepass.cli.user_rows import user_row

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, User


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("email", help="what the user logs in with")
    parser.add_argument("--first-name", required=True)
    parser.add_argument("--last-name", required=True)
    add_grant_options(parser)
    parser.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from standard input (default: ask for it)",
    )
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass user add ann@example.org --first-name Ann --last-name Lee --role doctor\n"
        "  gatepass user add root@example.org --first-name Ada --last-name Root \\\n"
        "      --permission gatepass:admin --password-stdin < password.txt\n\n"
        "The password is asked for, or read from standard input: an argument would be seen by everybody\n"
        "who lists this machine's processes, and stay in the shell's history."
    )


def run(args: argparse.Namespace) -> int:
    """Add the user."""
    password = _password(from_stdin=args.password_stdin)

    async def add(auth: Auth) -> User:
        try:
            return await usecases.add_user(
                auth,
                email=args.email,
                password=password,
                first_name=args.first_name,
                last_name=args.last_name,
                roles=frozenset(args.role),
                permissions=frozenset(args.permission),
                actor="cli",
                now=time.time(),
            )
        except RoleUnknown as error:
            raise role_missing(error, args.role) from None

    user = with_auth(args, add)
    write_answer(args, user_row(user), f"Added {user.name} <{user.email}>, id {user.id}.")
    return 0


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if sys.stdin is None or not sys.stdin.isatty():  # None: closed by who called us
        raise CommandMisused("there is no terminal to ask for the password; use --password-stdin")
    try:
        password = getpass.getpass("Password: ")
        again = getpass.getpass("Once more: ")
    except EOFError:
        raise CommandFailed("no password was typed; nothing was added") from None
    if again != password:
        raise CommandFailed("the two passwords differ; nothing was added")
    return password
