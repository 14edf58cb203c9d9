"""`gatepass user export`: all users as a file that `user import` reads, without a secret."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatepass.auth import usecases
from gatepass.cli.failure import CommandFailed
from gatepass.cli.site_access import add_settings_option, with_auth
from gatepass.cli.user_files import FORMATS, header_line, user_line

if TYPE_CHECKING:
    import argparse
    from typing import TextIO

    from gatepass.auth import Auth

PAGE: Final = 500


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_settings_option(parser)
    parser.add_argument("--format", choices=FORMATS, default="csv", help="what to write (default: csv)")
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=Path, help="a new file, mode 0600 (default: standard output)"
    )
    parser.epilog = (
        "examples:\n"
        "  gatepass user export -o people.csv\n"
        "  gatepass user export --format jsonl | jq -r 'select(.disabled) | .email'\n\n"
        "No password and no hash is in it: who is imported from it sets one by 'forgot password'."
    )


def run(args: argparse.Namespace) -> int:
    """Write one user after the other; never more than a page of them is in memory."""
    if args.out is None:
        with_auth(args, lambda auth: _write(auth, sys.stdout, args.format))
        return 0
    try:
        with open(args.out, "x", encoding="utf-8", opener=_for_its_owner) as file:
            try:
                with_auth(args, lambda auth: _write(auth, file, args.format))
            except BaseException:
                args.out.unlink()  # half an export looks like a whole one
                raise
    except FileExistsError:
        raise CommandFailed(f"{args.out} is there already; nothing was written") from None
    except OSError as error:
        raise CommandFailed(f"can't write {args.out}: {error.strerror}") from None
    return 0


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


async def _write(auth: Auth, file: TextIO, form: str) -> None:
    file.write(header_line(form))
    after: str | None = None
    while page := await usecases.list_users(auth, actor="cli", after=after, limit=PAGE):
        file.writelines(user_line(user, form) for user in page)
        after = page[-1].email
