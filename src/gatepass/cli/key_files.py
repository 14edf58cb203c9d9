"""Keys in files: a JWK, a JWK Set or PEM, told apart by how they begin."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from gatepass.cli.failure import CommandFailed, CommandMisused
from gatepass.jose import JoseError, Key, KeySet, jwt
from gatepass.oauth import CONTENT_ENCRYPTIONS, RECIPIENT_ALGORITHMS

if TYPE_CHECKING:
    import argparse


def add_key_options(parser: argparse.ArgumentParser, *, what: str) -> None:
    """Take `--key` and `--alg`."""
    parser.add_argument(
        "--key", metavar="FILE", required=True, help=f"{what}: JWK, JWK Set or PEM; '-': stdin"
    )
    parser.add_argument("--alg", help="the key's algorithm, where its file does not say (PEM never does)")


def read_file(name: str) -> bytes:
    """Read a file, or standard input for `-`. Raises `CommandFailed`."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandFailed(f"can't read {name}: {error.strerror}") from None


def read_keys(name: str, alg: str | None) -> KeySet:
    """Read one key or a set. Raises `CommandFailed`, `CommandMisused`."""
    data = read_file(name)
    try:
        if data.lstrip().startswith(b"{"):
            return _from_json(data, alg)
        if alg is None:
            raise CommandMisused("a PEM file does not say its algorithm: give --alg")
        return KeySet([Key.from_pem(data, alg)])
    except JoseError as error:
        raise CommandFailed(f"{name}: {error} ({error.code})") from None


def read_key(name: str, alg: str | None) -> Key:
    """Read exactly one key. Raises `CommandFailed`, `CommandMisused`."""
    keys = list(read_keys(name, alg))
    if len(keys) != 1:
        raise CommandFailed(f"{name} holds {len(keys)} usable keys; one is needed")
    return keys[0]


def opened(token: str, keys: KeySet) -> str:
    """Give the signed token inside an encrypted one. Raises `JoseError`, `CommandFailed`."""
    algorithms = frozenset(key.alg for key in keys) & RECIPIENT_ALGORITHMS
    if not algorithms:
        raise CommandFailed(f"the key is not one for {' or '.join(sorted(RECIPIENT_ALGORITHMS))}")
    return jwt.open_nested(token, keys, algorithms=algorithms, encryptions=CONTENT_ENCRYPTIONS)[0]


def key_json(key: Key, *, private: bool) -> bytes:
    """Write a key as a JWK."""
    jwk: dict[str, Any] = key.to_private_jwk() if private else key.to_jwk()
    return msgspec.json.format(msgspec.json.encode(jwk), indent=2) + b"\n"


def _from_json(data: bytes, alg: str | None) -> KeySet:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise CommandFailed("the key file is no JSON") from None
    if "keys" in found:
        return KeySet.from_jwks(data, alg)
    return KeySet([Key.from_jwk(found, alg)])
