"""`gatepass session list`: who is logged in, from where."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from gatepass.auth import usecases
from gatepass.cli.output import local_time, span, write_json, write_table
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, Session, User

PAGE: Final = 500


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("--email", help="only this user's")
    add_json_option(parser)
    parser.epilog = (
        "examples:\n  gatepass session list\n  gatepass session list --email ann@example.org --json"
    )


def run(args: argparse.Namespace) -> int:
    """List the live sessions, the last seen first."""
    now, email = time.time(), args.email
    found = with_auth(args, lambda auth: _all(auth, now) if email is None else _of(auth, email, now))
    found.sort(key=lambda pair: -pair[0].last_seen_at)
    if args.json:
        write_json([_row(session, user) for session, user in found])
        return 0
    rows = [
        [s.sid, u.email, s.device, s.address, local_time(s.created_at), f"{span(now - s.last_seen_at)} ago"]
        for s, u in found
    ]
    empty = "Nobody is logged in." if email is None else f"{email} is not logged in."
    write_table(["SID", "USER", "DEVICE", "ADDRESS", "SINCE", "LAST SEEN"], rows, empty=empty)
    return 0


async def _all(auth: Auth, now: float) -> list[tuple[Session, User]]:
    found: list[tuple[Session, User]] = []
    while True:
        after = found[-1][0].sid if found else None
        page = await usecases.live_sessions(auth, actor="cli", now=now, after=after, limit=PAGE)
        found += page
        if len(page) < PAGE:
            return found


async def _of(auth: Auth, email: str, now: float) -> list[tuple[Session, User]]:
    user = await usecases.find_user(auth, email=email, actor="cli")
    return [(found, user) for found in await usecases.list_sessions(auth, user_id=user.id, now=now)]


def _row(session: Session, user: User) -> dict[str, object]:
    return {
        "sid": session.sid,
        "user_id": user.id,
        "email": user.email,
        "device": session.device,
        "address": session.address,
        "created_at": int(session.created_at),
        "last_seen_at": int(session.last_seen_at),
        "expires_at": int(min(session.idle_ends_at, session.ends_at)),
    }
