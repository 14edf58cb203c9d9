"""`gatepass token sign`: sign claims with a key of yours, for tests and trials."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gatepass.cli.claim_options import add_claim_options, claims_of
from gatepass.cli.failure import CommandFailed
from gatepass.cli.key_files import add_key_options, read_key
from gatepass.jose import JoseError, jwt

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_key_options(parser, what="private key, or shared secret")
    add_claim_options(parser)
    parser.epilog = (
        "example:\n"
        "  gatepass token sign --key signing.jwk --typ at+jwt --lifetime 60 \\\n"
        "      --claim iss=https://login.example.org --claim aud=clinic --claim sub=ann\n\n"
        "iat, exp and jti are filled in."
    )


def run(args: argparse.Namespace) -> int:
    """Sign, and write the token."""
    key = read_key(args.key, args.alg)
    try:
        token = jwt.issue(
            claims_of(args), key, typ=args.typ, lifetime=args.lifetime, now=time.time(), entropy=os.urandom
        )
    except JoseError as error:
        raise CommandFailed(f"{error} ({error.code})") from None
    print(token)
    return 0
