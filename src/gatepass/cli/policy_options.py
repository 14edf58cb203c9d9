"""What a receiver accepts, on the command line: complete, as everywhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandMisused
from gatepass.jose import Policy

if TYPE_CHECKING:
    import argparse


def add_policy_options(parser: argparse.ArgumentParser) -> None:
    """Take the token and what it must be."""
    parser.add_argument("token", help="the token, or '-' to read it from standard input")
    parser.add_argument("--issuer", required=True, help="the exact iss")
    parser.add_argument("--audience", required=True, help="who we are: must be in aud")
    parser.add_argument("--typ", required=True, help="the kind of token that is wanted, such as at+jwt")
    parser.add_argument("--leeway", type=int, default=30, help="seconds on nbf and iat (default: 30)")
    parser.add_argument("--json", action="store_true", help="write JSON, for scripts")


def policy_of(
    args: argparse.Namespace, algorithms: frozenset[str], encryptions: frozenset[str] = frozenset()
) -> Policy:
    """Build the policy. Raises `CommandMisused`."""
    try:
        return Policy(
            issuer=args.issuer,
            audience=args.audience,
            typ=args.typ,
            algorithms=algorithms,
            encryptions=encryptions,
            leeway=args.leeway,
        )
    except ValueError as error:
        raise CommandMisused(str(error)) from None


def token_of(args: argparse.Namespace) -> str:
    """Take the token, from the argument or standard input."""
    text: str = sys.stdin.read() if args.token == "-" else args.token  # noqa: S105 (a dash)
    return text.strip()
