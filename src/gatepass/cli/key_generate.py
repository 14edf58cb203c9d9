"""`gatepass key generate`: a new key, for one algorithm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandMisused
from gatepass.cli.key_files import key_json
from gatepass.cli.new_file import write_out
from gatepass.jose import JoseError, Key

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("alg", help="algorithm, such as ES256, Ed25519, PS256, HS256, ML-DSA-65, ECDH-ES")
    parser.add_argument("--kid", help="its name (default: its RFC 7638 thumbprint)")
    parser.add_argument("--curve", help="where the algorithm has several, such as X25519 for ECDH-ES")
    parser.add_argument("--bits", type=int, default=2048, help="size of an RSA key (default: 2048)")
    parser.add_argument("--format", choices=("jwk", "pem"), default="jwk")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there, mode 0600 (default: stdout)")
    parser.epilog = (
        "examples:\n"
        "  gatepass key generate ES256 --out signing.jwk\n"
        "  gatepass key generate Ed25519 --format pem\n\n"
        "This is the private key; 'gatepass key convert' gives the public half."
    )


def run(args: argparse.Namespace) -> int:
    """Generate the key."""
    try:
        key = Key.generate(args.alg, args.kid, curve=args.curve, bits=args.bits)
        data = key.to_private_pem() if args.format == "pem" else key_json(key, private=True)
    except JoseError as error:
        raise CommandMisused(str(error)) from None
    write_out(args.out, data, private=True)
    return 0
