"""`gatepass token show`: a token taken apart for a person. Nothing is checked, and that is said."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gatepass.cli.failure import CommandFailed
from gatepass.cli.key_files import opened, read_keys
from gatepass.cli.output import local_time, printable, span, write_json
from gatepass.cli.policy_options import token_of
from gatepass.cli.token_words import CLAIMS, HEADERS, OPAQUE, OUTSIDE, TIMES, warnings_of
from gatepass.jose import JoseError, jwt
from gatepass.oauth import is_encrypted

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("token", help="the token, or '-' to read it from standard input")
    parser.add_argument(
        "--key", metavar="FILE", help="private key that opens an encrypted token: JWK, JWK Set or PEM"
    )
    parser.add_argument("--alg", help="the key's algorithm, where its file does not say (PEM never does)")
    parser.add_argument("--json", action="store_true", help="write JSON, for scripts")
    parser.epilog = (
        "examples:\n"
        "  gatepass token show eyJhbGciOi…\n"
        "  pbpaste | gatepass token show -\n\n"
        "The token is decoded here and sent nowhere. Its signature is NOT checked. An argument is seen\n"
        "by everybody who lists this machine's processes; '-' avoids that."
    )


def run(args: argparse.Namespace) -> int:
    """Show the token."""
    text = token_of(args).removeprefix("Bearer ").strip()
    kind = OPAQUE.get(text[:4])
    if kind is not None:
        _show_opaque(kind, as_json=args.json)
        return 0
    try:
        outside = dict(jwt.peek_header(text)) if is_encrypted(text) else None
        if outside is not None and args.key is None:
            _show_closed(outside, as_json=args.json)
            return 0
        token = jwt.peek(text if outside is None else opened(text, read_keys(args.key, args.alg)))
    except JoseError as error:
        raise CommandFailed(f"not a readable token: {error} ({error.code})") from None
    _show(outside, dict(token.header), dict(token.claims), as_json=args.json)
    return 0


def _show_closed(outside: dict[str, Any], *, as_json: bool) -> None:
    """Show what everybody sees of an encrypted token: its header."""
    if as_json:
        write_json({"encrypted": outside, "parts": 5})
        return
    _show_part("Outside", outside, OUTSIDE, now=0)
    print("Encrypted: five parts, of which only the first can be read. The Service has the key (--key FILE).")


def _show_opaque(kind: str, *, as_json: bool) -> None:
    if as_json:
        write_json({"opaque": True, "kind": kind.partition(":")[0].removeprefix("a ")})
    else:
        print(f"This is {kind}")


def _show(
    outside: dict[str, Any] | None, header: dict[str, Any], claims: dict[str, Any], *, as_json: bool
) -> None:
    now = time.time()
    warnings = warnings_of(header, claims, now=now)
    if as_json:
        encrypted = {} if outside is None else {"encrypted": outside}
        shown = {"header": header, "claims": claims, "signature_checked": False, "warnings": warnings}
        write_json({**encrypted, **shown})
        return
    if outside is not None:
        _show_part("Outside (encrypted; this key opens it)", outside, OUTSIDE, now=now)
    _show_part("Header", header, HEADERS, now=now)
    _show_part("Claims", claims, CLAIMS, now=now)
    print("Signature\n  NOT checked: anybody can write a token that looks like this one.")
    if warnings:
        print("\nMind")
        for warning in warnings:
            print(f"  ! {warning}")


def _show_part(title: str, members: dict[str, Any], words: dict[str, str], *, now: float) -> None:
    print(title)
    for name, value in members.items():
        print(f"  {name:<12} {_value(name, value, now=now)}")
        if name in words:
            print(f"  {'':<12} └ {words[name]}")
    print()


def _value(name: str, value: object, *, now: float) -> str:
    """Write a value for a person; a time in local time, and how far away it is."""
    if name in TIMES and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return f"{value}  {local_time(value)}, {_distance(name, value - now)}"
        except (OverflowError, ValueError, OSError):
            return f"{value}  (no moment that a calendar knows)"
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(printable(item) for item in value) or "(none)"
    return printable(str(value))


def _distance(name: str, seconds: float) -> str:
    if name == "exp":
        return f"expires in {span(seconds)}" if seconds > 0 else f"EXPIRED {span(seconds)} ago"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(seconds)} ago"
