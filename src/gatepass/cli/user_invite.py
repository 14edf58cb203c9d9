"""`gatepass user invite`: a user who chooses the password themselves, by a link in a mail."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import RoleUnknown, UserUnknown, usecases
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
    parser.add_argument("email", help="where the link goes, and what the user logs in with")
    parser.add_argument("--first-name")
    parser.add_argument("--last-name")
    add_grant_options(parser)
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass user invite ann@example.org --first-name Ann --last-name Lee --role doctor\n"
        "  gatepass user invite ann@example.org      # the link once more\n\n"
        "The mail is sent by 'gatepass serve', as [mail] in the settings says."
    )


def run(args: argparse.Namespace) -> int:
    """Add the user, or send another link."""
    named = (args.first_name is not None, args.last_name is not None)
    if any(named) != all(named):
        raise CommandMisused("give both --first-name and --last-name, or neither to send the link once more")
    if not all(named) and (args.role or args.permission):
        raise CommandMisused("a new user needs --first-name and --last-name")
    user = with_auth(args, lambda auth: _invite(auth, args) if all(named) else _again(auth, args))
    who = f"{user.name} <{user.email}>"
    invited = user.status.value == "invited"
    done = f"Invited {who}, id {user.id}." if invited else f"{who} has a password already; no mail is sent."
    write_answer(args, user_row(user), done)
    return 0


async def _invite(auth: Auth, args: argparse.Namespace) -> User:
    try:
        return await usecases.invite_user(
            auth,
            email=args.email,
            first_name=args.first_name,
            last_name=args.last_name,
            roles=args.role,
            permissions=args.permission,
            actor="cli",
            now=time.time(),
        )
    except RoleUnknown as error:
        raise role_missing(error, args.role) from None


async def _again(auth: Auth, args: argparse.Namespace) -> User:
    try:
        return await usecases.invite_again(auth, email=args.email, actor="cli", now=time.time())
    except UserUnknown as error:
        raise CommandFailed(f"{error}; a new one needs --first-name and --last-name") from None
