"""`gatepass user list`: who has an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import By, usecases
from gatepass.cli.output import write_json, write_table
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth
from gatepass.cli.user_rows import user_row

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, Place, User

PAGE: Final = 500


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("--email", metavar="BEGINNING", help="whose e-mail address begins so")
    wanted.add_argument("--name", metavar="BEGINNING", help="whose first or last name begins so")
    wanted.add_argument("--role", help="who hold the role")
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass user list\n"
        "  gatepass user list --name lovel\n"
        "  gatepass user list --json | jq -r '.[].email'\n"
        "  gatepass user list --json | jq -r '.[] | select(.permissions[] == \"gatepass:admin\") | .email'"
    )


def run(args: argparse.Namespace) -> int:
    """List all users by e-mail address."""
    wanted = {By.EMAIL: args.email, By.NAME: args.name, By.ROLE: args.role}
    search = next(((by, text) for by, text in wanted.items() if text is not None), None)
    users = with_auth(args, _all if search is None else lambda auth: _found(auth, *search))
    if args.json:
        write_json([user_row(user) for user in users])
        return 0
    rows = [
        [user.email, user.name, user.status.value, " ".join(sorted(user.roles)), user.id] for user in users
    ]
    write_table(
        ["E-MAIL", "NAME", "STATUS", "ROLES", "ID"],
        rows,
        empty="No users yet: gatepass user add" if search is None else "Nobody.",
    )
    return 0


async def _found(auth: Auth, by: By, text: str) -> list[User]:
    found: list[Place] = []
    while True:
        after = found[-1].place if found else None
        page = await usecases.search_users(auth, by=by, text=text, actor="cli", after=after, limit=PAGE)
        found += page
        if len(page) < PAGE:
            return [one.user for one in found]


async def _all(auth: Auth) -> list[User]:
    users: list[User] = []
    while True:
        after = users[-1].email if users else None
        page = await usecases.list_users(auth, actor="cli", after=after, limit=PAGE)
        users += page
        if len(page) < PAGE:
            return users
