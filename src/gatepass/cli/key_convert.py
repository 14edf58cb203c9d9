"""`gatepass key convert`: the same key in another form; the public half unless the private one is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandFailed
from gatepass.cli.key_files import key_json, read_key
from gatepass.cli.new_file import write_out
from gatepass.jose import JoseError

if TYPE_CHECKING:
    import argparse

    from gatepass.jose import Key


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", help="a JWK or PEM; '-': standard input")
    parser.add_argument("--alg", help="the key's algorithm, where the file does not say (PEM never does)")
    parser.add_argument("--to", choices=("jwk", "pem"), default="jwk")
    parser.add_argument("--private", action="store_true", help="keep the private half (default: public)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write there (default: standard output)")
    parser.epilog = (
        "examples:\n"
        "  gatepass key convert signing.jwk > public.jwk\n"
        "  gatepass key convert private.pem --alg ES256 --private --out signing.jwk\n"
        "  gatepass key convert signing.jwk --to pem"
    )


def run(args: argparse.Namespace) -> int:
    """Convert the key."""
    key = read_key(args.file, args.alg)
    try:
        data = _written(key, args.to, private=args.private)
    except JoseError as error:
        raise CommandFailed(f"{error} ({error.code})") from None
    write_out(args.out, data, private=args.private)
    return 0


def _written(key: Key, form: str, *, private: bool) -> bytes:
    if form == "jwk":
        return key_json(key, private=private)
    return key.to_private_pem() if private else key.to_pem()
