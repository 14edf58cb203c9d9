"""Claims on the command line: one by one, or as a JSON file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from gatepass.cli.failure import CommandMisused
from gatepass.cli.key_files import read_file

if TYPE_CHECKING:
    import argparse


def add_claim_options(parser: argparse.ArgumentParser) -> None:
    """Take claims, type and lifetime."""
    parser.add_argument("--typ", required=True, help="what kind of token it is, such as at+jwt")
    parser.add_argument("--lifetime", type=float, default=600, help="seconds from now to exp (default: 600)")
    parser.add_argument(
        "--claim",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a claim; a value that is JSON is taken as such, anything else as text; may be repeated",
    )
    parser.add_argument("--claims", metavar="FILE", help="a JSON object with claims; '-': standard input")


def claims_of(args: argparse.Namespace) -> dict[str, Any]:
    """Put the claims together; those given one by one win. Raises `CommandMisused`."""
    claims: dict[str, Any] = {}
    if args.claims is not None:
        try:
            claims = msgspec.json.decode(read_file(args.claims), type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise CommandMisused("--claims must be a JSON object") from None
    for text in args.claim:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise CommandMisused("--claim must look like NAME=VALUE")
        claims[name] = _value(value)
    return claims


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text
