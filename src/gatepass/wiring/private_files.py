"""Secrets in files: read only where nobody but their owner may read them."""

from __future__ import annotations

import os
import stat
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gatepass.auth import Secret
from gatepass.oauth import SecretRefused, SharedSecrets
from gatepass.wiring.errors import WiringError

if TYPE_CHECKING:
    from gatepass.server import MetricsFor
    from gatepass.settings import Events

# A token for the metrics that nobody guesses: 'openssl rand -hex 32' gives twice as many characters.
METRICS_TOKEN_AT_LEAST: Final = 32

_KEK_LENGTH: Final = 44  # 32 bytes in padded base64url
_SECRETS_AT_MOST: Final = 4_096  # bytes of a file that holds secrets: a few lines and comments


def read_kek(path: str) -> Secret:
    """Read the key-encryption key from a file that only its owner may read. Raises `WiringError`."""
    text = read_private(
        path,
        what="key-encryption key",
        hint="put back this site's own; for a new site 'gatepass init' makes one",
    ).strip()
    try:
        key = urlsafe_b64decode(text) if len(text) == _KEK_LENGTH else b""
    except Base64Error:
        key = b""
    if len(key) != 32:
        raise WiringError(f"{path} does not hold 32 bytes in base64url, as 'gatepass init' writes them")
    return Secret(key)


def read_shared_secrets(path: str) -> SharedSecrets:
    """Read what Services know too from a file that only its owner may read. Raises `WiringError`."""
    text = read_private(path, what="shared secret", hint="'gatepass init --shared-secret' makes one")
    try:
        return SharedSecrets.parse(text)
    except SecretRefused as error:
        raise WiringError(f"{path}: {error}") from None


def metrics_for(named: str) -> MetricsFor:
    """Say who may read the metrics; a file holds a bearer token. Raises `WiringError`."""
    if named in ("off", "loopback"):
        return "off" if named == "off" else "loopback"
    hint = f"make one: (umask 077; openssl rand -hex 32 > {named})"
    return _token(named, what="token for the metrics", hint=hint, at_least=METRICS_TOKEN_AT_LEAST)


def collector_token(events: Events) -> Secret | None:
    """Read the token that a collector of events asks for. Raises `WiringError`."""
    if events.token_file is None:
        return None
    what, hint = "token for the collector of events", "write it there, mode 0600"
    return _token(events.token_file, what=what, hint=hint, at_least=1)


def _token(path: str, *, what: str, hint: str, at_least: int) -> Secret:
    token = read_private(path, what=what, hint=hint).strip()
    if len(token) < at_least or not token.isascii() or not token.decode().isprintable():
        raise WiringError(f"{path} must hold printable characters, {at_least} at least")
    return Secret(token)


def read_private(path: str, *, what: str, hint: str) -> bytes:
    """Read a small file that only its owner may read. Raises `WiringError`."""
    try:
        with Path(path).open("rb") as file:  # one descriptor for the check and the reading
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise WiringError(f"{path} can be read by others (mode {mode:04o}); run: chmod 600 {path}")
            return file.read(_SECRETS_AT_MOST)
    except FileNotFoundError:
        raise WiringError(f"there is no {what} {path}; {hint}") from None
    except OSError as error:
        raise WiringError(f"can't read {path}: {error.strerror}") from None
