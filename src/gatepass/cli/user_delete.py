"""`gatepass user delete`: the account goes, and all that is theirs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.consent import add_yes_option, ask
from gatepass.cli.output import write_answer
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, User


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("email", help="e-mail address of the user")
    add_yes_option(parser)
    add_json_option(parser)
    parser.epilog = (
        "examples:\n  gatepass user delete ann@example.org\n  gatepass user delete ann@example.org --yes\n\n"
        "Sessions, tokens, password, name and e-mail address go; the event log keeps the id. It can not be\n"
        "undone: to shut somebody out for a while there is 'gatepass user disable'."
    )


def run(args: argparse.Namespace) -> int:
    """Delete the user."""
    found, live = with_auth(args, lambda auth: _found(auth, args.email))
    ask(args, _what_goes(found, live))
    # By id: the address may be another's by the time of the answer.
    user = with_auth(
        args, lambda auth: usecases.delete_user(auth, user_id=found.id, actor="cli", now=time.time())
    )
    gone = {"id": user.id, "email": user.email, "deleted": True}
    write_answer(args, gone, f"Deleted {user.name} <{user.email}>.")
    return 0


async def _found(auth: Auth, email: str) -> tuple[User, int]:
    """Give the user, and how many sessions of theirs are live."""
    user = await usecases.find_user(auth, email=email, actor="cli")
    return user, len(await usecases.list_sessions(auth, user_id=user.id, now=time.time()))


def _what_goes(user: User, live: int) -> str:
    sessions = f"{live} live session{'' if live == 1 else 's'}"
    return (
        f"{user.name} <{user.email}> goes for good: {sessions} with all tokens,\n"
        "password, name, e-mail address, roles and permissions. The event log keeps what happened,\n"
        f"under the id {user.id}."
    )
