"""`gatepass user list`: who has an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import usecases
from gatepass.cli.output import write_json, write_table
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth
from gatepass.cli.user_rows import user_row

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, User

PAGE: Final = 500


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    add_json_option(parser)
    parser.epilog = "examples:\n  gatepass user list\n  gatepass user list --json | jq -r '.[].email'"


def run(args: argparse.Namespace) -> int:
    """List all users by e-mail address."""
    users = with_auth(args, _all)
    if args.json:
        write_json([user_row(user) for user in users])
        return 0
    rows = [
        [user.email, user.name, user.status.value, " ".join(sorted(user.roles)), user.id] for user in users
    ]
    write_table(["E-MAIL", "NAME", "STATUS", "ROLES", "ID"], rows, empty="No users yet: gatepass user add")
    return 0


async def _all(auth: Auth) -> list[User]:
    users: list[User] = []
    while True:
        after = users[-1].email if users else None
        page = await usecases.list_users(auth, actor="cli", after=after, limit=PAGE)
        users += page
        if len(page) < PAGE:
            return users
