"""`gatepass role define`: what a role may do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.output import write_answer
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse

    from gatepass.auth import Auth


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("name", help="name of the role, such as doctor")
    parser.add_argument("permission", nargs="*", help="what it may do, such as appointments:read; all of it")
    add_json_option(parser)
    parser.epilog = (
        "examples:\n"
        "  gatepass role define doctor appointments:read appointments:write people:read\n"
        "  gatepass role define visitor\n\n"
        "The permissions given are the role's whole set. Whoever holds the role gets the change with the\n"
        "next token or session check; nobody is logged out."
    )


def run(args: argparse.Namespace) -> int:
    """Define the role."""
    permissions = frozenset(args.permission)

    async def define(auth: Auth) -> None:
        await usecases.define_role(auth, name=args.name, permissions=permissions, now=time.time())

    with_auth(args, define)
    defined = {"name": args.name, "permissions": sorted(permissions)}
    write_answer(args, defined, f"Role {args.name}: {', '.join(sorted(permissions)) or 'no permissions'}.")
    return 0
