"""`gatepass events`: who did what, when, from where and why; once, or as it happens."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from typing import TYPE_CHECKING, Final

from gatepass.auth import EventFilter, EventKind, json_line, usecases
from gatepass.cli.failure import CommandMisused
from gatepass.cli.output import local_time
from gatepass.cli.site_access import add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth, RecordedEvent

PAGE: Final = 1_000
LOOK: Final = 0.5
"""Seconds between two looks for new events."""

_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument(
        "--follow", action="store_true", help="go on with what happens from now on, until Ctrl-C"
    )
    parser.add_argument("--user", metavar="EMAIL|ID", help="only what a user did, or what happened to them")
    kinds = [kind.value for kind in EventKind]
    parser.add_argument("--kind", choices=kinds, metavar="KIND", help="only these")
    parser.add_argument("--since", metavar="TIME", help="only the last such time: 90s, 30m, 2h or 7d")
    parser.add_argument("--json", action="store_true", help="write JSON, one event a line")
    parser.epilog = (
        "examples:\n"
        "  gatepass events --since 2h\n"
        "  gatepass events --follow --kind login_failed\n"
        "  gatepass events --user ann@example.org --json | jq -r .reason\n\n"
        f"kinds: {', '.join(kinds)}"
    )


def run(args: argparse.Namespace) -> int:
    """Write the events in their order."""
    since = None if args.since is None else time.time() - _seconds(args.since)

    async def write(auth: Auth) -> None:
        wanted = EventFilter(
            kind=None if args.kind is None else EventKind(args.kind),
            user_id=None if args.user is None else await _user_id(auth, args.user),
            since=since,
        )
        # Who only wants to see what happens begins at the end.
        place = await usecases.last_place(auth, actor="cli") if args.follow and since is None else None
        while True:
            place = await _written(auth, wanted, place, as_json=args.json)
            if not args.follow:
                return
            await asyncio.sleep(LOOK)

    try:
        with_auth(args, write)
    except KeyboardInterrupt:
        if not args.follow:
            raise
    return 0  # Ctrl-C is how to end following


async def _written(auth: Auth, wanted: EventFilter, place: int | None, *, as_json: bool) -> int:
    """Write from behind a place to the log's end; gives the place that was reached."""
    while True:
        part = await usecases.list_events(auth, actor="cli", wanted=wanted, after=place, limit=PAGE)
        for recorded in part.events:
            sys.stdout.write(json_line(recorded).decode() if as_json else _line(recorded))
        sys.stdout.flush()
        place = part.reached
        if part.at_end:
            return place


def _line(recorded: RecordedEvent) -> str:
    event = recorded.event
    named = {"user": event.user_id, "by": event.actor, "session": event.sid, "from": event.address}
    words = [f"{name} {value}" for name, value in named.items() if value is not None]
    reason = [] if event.reason is None else [f"({event.reason})"]
    text = " ".join([local_time(event.at), event.kind.value.ljust(18), *words, *reason])
    return "".join(c if c.isprintable() else "?" for c in text) + "\n"


async def _user_id(auth: Auth, named: str) -> str:
    """Give the id; one that nobody has any more has its events still."""
    return (await usecases.find_user(auth, email=named, actor="cli")).id if "@" in named else named


def _seconds(text: str) -> int:
    match = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if match is None:
        raise CommandMisused("--since must be a number with s, m, h or d, such as 2h")
    return int(match[1]) * _UNITS[match[2]]
