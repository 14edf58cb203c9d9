"""`gatepass token decrypt`: open a token that was encrypted to a key of yours, and judge its claims."""

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
    add_key_options(parser, what="private key, or shared secret")
    parser.add_argument("--enc", action="append", help="accepted content encryption (default: A256GCM)")
    parser.epilog = (
        "example:\n"
        "  gatepass token decrypt eyJhbGciOi… --key receiver.private.jwk --issuer https://a.example \\\n"
        "      --audience clinic --typ secret+jwt\n\n"
        "That it opens proves no sender: with a public key anybody could have written it."
    )


def run(args: argparse.Namespace) -> int:
    """Decrypt, and write the claims."""
    keys = read_keys(args.key, args.alg)
    policy = policy_of(args, frozenset(key.alg for key in keys), frozenset(args.enc or ["A256GCM"]))
    try:
        opened = jwt.decrypt(token_of(args), keys, policy, now=time.time())
    except JoseError as error:
        raise CommandFailed(f"refused: {error} ({error.code})") from None
    write_json({"header": dict(opened.header), "claims": opened.claims} if args.json else opened.claims)
    return 0
