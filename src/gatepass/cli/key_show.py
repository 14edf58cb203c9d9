"""`gatepass key show`: what a key file holds; never its private half."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.cli.key_files import read_keys
from gatepass.cli.output import write_json, write_table
from gatepass.jose import JoseError

if TYPE_CHECKING:
    import argparse

    from gatepass.jose import Key


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("file", help="a JWK, a JWK Set or PEM; '-': standard input")
    parser.add_argument("--alg", help="the key's algorithm, where the file does not say (PEM never does)")
    parser.add_argument("--json", action="store_true", help="write JSON, for scripts")
    parser.epilog = (
        "examples:\n"
        "  gatepass key show signing.jwk\n"
        "  gatepass key show certificate.pem --alg RS256\n"
        "  curl -s https://login.example.org/.well-known/jwks.json | gatepass key show -"
    )


def run(args: argparse.Namespace) -> int:
    """Show the keys, and which were passed over."""
    keys = read_keys(args.file, args.alg)
    rows = [_row(key) for key in keys]
    passed = [over._asdict() for over in keys.passed_over]
    if args.json:
        write_json({"keys": rows, "passed_over": passed})
        return 0
    titles = ["KID", "ALG", "HALF", "THUMBPRINT"]
    write_table(titles, [[str(row[t.lower()]) for t in titles] for row in rows], empty="No usable key.")
    for over in passed:
        print(f"passed over: number {over['position'] + 1}, {over['kid'] or 'without kid'}: {over['reason']}")
    return 0


def _row(key: Key) -> dict[str, object]:
    try:
        half = "private" if key.is_private else "public"
        return {
            "kid": key.kid,
            "alg": key.alg,
            "half": half,
            "thumbprint": key.thumbprint(),
            "jwk": key.to_jwk(),
        }
    except JoseError:  # a shared secret has no public half, and its thumbprint would tell something of it
        return {"kid": key.kid, "alg": key.alg, "half": "secret", "thumbprint": "(not shown)", "jwk": None}
