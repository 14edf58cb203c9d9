"""`gatepass serve`: run Auth until it is told to stop."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import AuthError
from gatepass.cli.failure import EXIT_FAILURE, CommandFailed, CommandMisused
from gatepass.cli.site_access import add_settings_option, settings_of
from gatepass.server import configure_logs
from gatepass.wiring import WiringError, serve, wanted_log_format

if TYPE_CHECKING:
    import argparse

_LOG: Final = logging.getLogger("gatepass")

LAST_PORT: Final = 65_535


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
    """Serve. A start that is refused is told in the form of the log: it stands between its lines."""
    try:
        _serve(args)
    except CommandFailed as error:
        if wanted_log_format(args.settings, os.environ) == "text":
            raise
        configure_logs("json", "info")
        _LOG.critical("Auth does not start: %s", error)
        return EXIT_FAILURE
    return 0


def _serve(args: argparse.Namespace) -> None:
    settings = settings_of(args)
    if args.port is not None:
        if not 0 <= args.port <= LAST_PORT:  # the resolver would take it modulo 65536
            raise CommandMisused(f"--port must be between 0 and {LAST_PORT}")
        server = msgspec.structs.replace(settings.server, port=args.port)
        settings = msgspec.structs.replace(settings, server=server)
    try:
        serve(settings, verbose=args.verbose)
    except (AuthError, WiringError) as error:
        raise CommandFailed(str(error)) from None
