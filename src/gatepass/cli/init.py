"""`gatepass init`: a commented settings file and a key-encryption key, never over what is there."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gatepass.cli.failure import CommandFailed, CommandMisused
from gatepass.cli.new_file import write_all
from gatepass.cli.settings_template import SHARED, TEMPLATE
from gatepass.oauth import new_shared_secret
from gatepass.settings import SettingsError, parse_settings

if TYPE_CHECKING:
    import argparse

SECRET_HEAD: Final = b"""\
# Shared by Auth and its Services. The first line signs, every line verifies: to exchange a secret, let both
# stand here for a while (docs/howto/shared-secret.md).
"""

KEK_BYTES: Final = 32  # AES-256
DEFAULT_PORT: Final = 8000


def configure(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("folder", nargs="?", default=".", help="where to write them (default: here)")
    parser.add_argument(
        "--issuer", help="origin under which Auth is reached (default: http://127.0.0.1:PORT)"
    )
    parser.add_argument("--audience", default="my-site", help="name of your site (default: my-site)")
    parser.add_argument(
        "--port", type=int, help="port to listen on (default: that of an issuer with plain http, else 8000)"
    )
    parser.add_argument(
        "--shared-secret",
        action="store_true",
        help="no published keys: one secret that Auth shares with its Services (HS256)",
    )
    parser.epilog = (
        "examples:\n"
        "  gatepass init\n"
        "  gatepass init /etc/gatepass --issuer https://login.example.org --audience example\n\n"
        "then:\n"
        "  gatepass user add you@example.org --first-name You --last-name There\n"
        "  gatepass serve"
    )


def run(args: argparse.Namespace) -> int:
    """Write the files, or none."""
    folder = Path(args.folder)
    settings, kek, secret = (folder / f"gatepass.{end}" for end in ("toml", "kek", "secret"))
    for path in (settings, kek, secret):
        if path.exists():
            raise CommandFailed(f"{path} is there already; nothing was written")
    shared = SHARED.format(secret_file=secret.name) if args.shared_secret else ""
    text = TEMPLATE.format(**_chosen(args), kek_file=kek.name, shared=shared)
    files = {kek: (urlsafe_b64encode(secrets.token_bytes(KEK_BYTES)) + b"\n", 0o600)}
    if args.shared_secret:
        files[secret] = (SECRET_HEAD + new_shared_secret(secrets.token_bytes).encode() + b"\n", 0o600)
    files[settings] = (text.encode(), 0o644)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_all(files)
    except OSError as error:
        raise CommandFailed(f"can't write to {folder}: {error.strerror}") from None
    print(f"Wrote {settings} (settings, commented) and {kek} (key-encryption key, mode 0600).")
    if args.shared_secret:
        print(f"Wrote {secret} (shared secret, mode 0600): give it to each Service, and to nobody else.")
    print("NO MAIL IS SENT yet: mails are written to the folder mails. See [mail] in the settings.")
    print("Next: gatepass user add …, then gatepass serve")
    return 0


def _chosen(args: argparse.Namespace) -> dict[str, object]:
    """Give what stands in the settings, checked as they are. Raises `CommandMisused`."""
    port = args.port if args.port is not None else _port_of(args.issuer)
    issuer = args.issuer or f"http://127.0.0.1:{port}"
    try:
        parse_settings({"issuer": issuer, "audience": args.audience, "server": {"port": port}}, {})
    except SettingsError as error:
        raise CommandMisused(str(error)) from None
    if set(args.audience) & set('"\\\n'):
        raise CommandMisused("the audience must be without quotes, backslashes and line ends")
    return {"issuer": issuer, "audience": args.audience, "port": port}


def _port_of(issuer: str | None) -> int:
    """Give the port that a plain-http issuer names: nobody stands between it and Auth, as a rule."""
    try:
        parts = urlsplit(issuer or "")
        named = parts.port if parts.scheme == "http" else None
    except ValueError:  # what is wrong with it, the settings say
        named = None
    return named or DEFAULT_PORT
