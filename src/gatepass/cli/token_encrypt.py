"""`gatepass token encrypt`: encrypt claims to somebody's key, for tests and trials."""

from __future__ import annotations

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
    add_key_options(parser, what="the receiver's public key, or a shared secret")
    add_claim_options(parser)
    parser.add_argument("--enc", default="A256GCM", help="content encryption (default: A256GCM)")
    parser.epilog = (
        "example:\n"
        "  gatepass token encrypt --key receiver.jwk --typ secret+jwt \\\n"
        "      --claim iss=https://a.example --claim aud=clinic --claim note=hello\n\n"
        "iat and exp are filled in. Anybody who has the public key can encrypt: this proves no sender."
    )


def run(args: argparse.Namespace) -> int:
    """Encrypt, and write the token."""
    key = read_key(args.key, args.alg)
    now = int(time.time())
    claims = {"iat": now, "exp": int(now + args.lifetime)} | claims_of(args)
    try:
        print(jwt.encrypt(claims, key, enc=args.enc, typ=args.typ))
    except JoseError as error:
        raise CommandFailed(f"{error} ({error.code})") from None
    return 0
