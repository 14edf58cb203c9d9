"""Asking before what can't be undone, or meets everybody: a question on a terminal, `--yes` in a script."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandFailed, CommandMisused

if TYPE_CHECKING:
    import argparse


def add_yes_option(parser: argparse.ArgumentParser) -> None:
    """Take `--yes`."""
    parser.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")


def ask(args: argparse.Namespace, what_goes: str) -> None:
    """Go on if `--yes` was given, or somebody who was told what goes says so. Raises `CommandMisused`,
    `CommandFailed`.

    Question and answer keep away from standard output, which may be read by a program.
    """
    if args.yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():  # None: closed by who called us
        raise CommandMisused("there is no terminal to ask whether you mean it; use --yes")
    sys.stderr.write(f"{what_goes}\nGo on? Type yes: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() != "yes":
        raise CommandFailed("that was no yes; nothing was done")
