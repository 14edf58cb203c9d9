"""What a new user may do, as the commands that make one are told it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandFailed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from gatepass.auth import RoleUnknown


def add_grant_options(parser: argparse.ArgumentParser) -> None:
    """Take `--role` and `--permission`."""
    parser.add_argument("--role", action="append", default=[], help="a role that is defined; may be repeated")
    parser.add_argument(
        "--permission",
        action="append",
        default=[],
        help="held directly, such as appointments:read; may be repeated",
    )


def role_missing(error: RoleUnknown, roles: Iterable[str]) -> CommandFailed:
    """Say which roles were asked for, and what to do first."""
    asked = sorted(set(roles))
    named = f" ({asked[0]})" if len(asked) == 1 else f", among {', '.join(asked)}"
    return CommandFailed(f"{error}{named}; define it first: gatepass role define NAME PERMISSION …")
