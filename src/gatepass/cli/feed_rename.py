"""`gatepass feed rename`: after a backup was restored, everybody reads the revocation feed anew."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.auth import usecases
from gatepass.cli.site_access import add_settings_option, with_auth

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.epilog = (
        "example:\n  gatepass feed rename\n\n"
        "Call it after a backup was restored and before Auth starts: the restored feed counts on from an\n"
        "older place, and a Service that had read further would miss what is revoked next."
    )


def run(args: argparse.Namespace) -> int:
    """Rename it."""
    log = with_auth(args, lambda auth: usecases.rename_feed(auth, now=time.time()))
    print(f"The revocation feed is {log} from now on; every Service reads it from the beginning.")
    return 0
