"""`gatepass token verify`: check a token as a Service would, and say what is wrong with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandFailed
from gatepass.cli.key_files import add_key_options, read_keys
from gatepass.cli.output import write_json
from gatepass.cli.policy_options import add_policy_options, policy_of, token_of
from gatepass.jose import JoseError, jwt

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_policy_options(parser)
    add_key_options(parser, what="the keys that may have signed it")
    parser.epilog = (
        "example:\n"
        "  gatepass token verify eyJhbGciOi… --key jwks.json --issuer https://login.example.org \\\n"
        "      --audience clinic --typ at+jwt\n\n"
        "The keys' own algorithms are accepted, no others. Exit code 0: it holds; 1: it does not."
    )


def run(args: argparse.Namespace) -> int:
    """Verify, and write the claims."""
    keys = read_keys(args.key, args.alg)
    policy = policy_of(args, frozenset(key.alg for key in keys))
    try:
        verified = jwt.verify(token_of(args), keys, policy, now=time.time())
    except JoseError as error:
        raise CommandFailed(f"refused: {error} ({error.code})") from None
    if args.json:
        write_json({"kid": verified.kid, "header": dict(verified.header), "claims": verified.claims})
    else:
        print(f"It holds; signed with {verified.kid or 'a key without a name'}.")
        write_json(verified.claims)
    return 0
