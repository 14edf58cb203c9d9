"""`gatepass role list`: which roles there are and what each may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.output import write_json, write_table
from gatepass.cli.site_access import add_json_option, add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    add_json_option(parser)
    parser.epilog = "example:\n  gatepass role list"


def run(args: argparse.Namespace) -> int:
    """List the roles by name."""
    roles = sorted(with_auth(args, usecases.list_roles).items())
    if args.json:
        write_json([{"name": name, "permissions": sorted(permissions)} for name, permissions in roles])
        return 0
    rows = [[name, ", ".join(sorted(permissions))] for name, permissions in roles]
    write_table(["ROLE", "MAY"], rows, empty="No roles yet; define one: gatepass role define NAME …")
    return 0
