"""`gatepass serve`: run Auth until it is told to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.cli.failure import CommandFailed
from gatepass.cli.site_access import add_settings_option, settings_of
from gatepass.wiring import WiringError, serve

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument(
        "--port", type=int, help="listen on this port instead of the settings' one; 0: any free"
    )
    parser.add_argument("--verbose", action="store_true", help="log every request")
    parser.epilog = (
        "examples:\n"
        "  gatepass serve\n"
        "  gatepass serve --settings /etc/gatepass/gatepass.toml\n"
        "  GATEPASS_SERVER__PORT=8080 gatepass serve\n\n"
        "Ctrl-C or SIGTERM stops it; requests under way are finished first."
    )


def run(args: argparse.Namespace) -> int:
    """Serve."""
    settings = settings_of(args)
    if args.port is not None:
        server = msgspec.structs.replace(settings.server, port=args.port)
        settings = msgspec.structs.replace(settings, server=server)
    try:
        serve(settings, verbose=args.verbose)
    except WiringError as error:
        raise CommandFailed(str(error)) from None
    return 0
