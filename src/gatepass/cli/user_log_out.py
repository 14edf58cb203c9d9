"""`gatepass user log-out`: every session of the user ends, or everybody's."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from gatepass.auth import UserUnknown, usecases
from gatepass.cli.consent import add_yes_option, ask
from gatepass.cli.output import write_answer
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth
from gatepass.cli.user_rows import user_row

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth

PAGE: Final = 500
"""Sessions that are looked at in one piece."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("email", nargs="?", help="e-mail address of the user")
    who.add_argument("--everybody", action="store_true", help="everybody who is logged in")
    add_yes_option(parser)
    add_json_option(parser)
    parser.epilog = (
        "examples:\n  gatepass user log-out ann@example.org\n  gatepass user log-out --everybody\n\n"
        "Sessions, refresh tokens and access tokens stop holding at once; people may log in again.\n"
        "About everybody it asks; in a script say --yes."
    )


def run(args: argparse.Namespace) -> int:
    """End all sessions of the user, or everybody's."""
    if args.everybody:
        ask(args, "Everybody who is logged in must log in again; all sessions and all tokens end.")
        count = with_auth(args, _log_out_all)
        write_answer(args, {"logged_out": count}, f"Logged out {count} user{'' if count == 1 else 's'}.")
        return 0
    user = with_auth(
        args, lambda auth: usecases.log_out_everywhere(auth, email=args.email, actor="cli", now=time.time())
    )
    write_answer(args, user_row(user), f"Logged out {user.name} <{user.email}>.")
    return 0


async def _log_out_all(auth: Auth) -> int:
    """Log out one user after the other: each is a commit of its own, and who is interrupted begins anew."""
    count, after = 0, None
    while True:
        found = await usecases.live_sessions(auth, actor="cli", after=after, limit=PAGE, now=time.time())
        for user_id in {user.id for _, user in found}:
            with suppress(UserUnknown):  # deleted this very moment
                await usecases.log_out_everywhere(auth, user_id=user_id, actor="cli", now=time.time())
                count += 1
        if len(found) < PAGE:
            return count
        after = found[-1][0].sid
