"""The settings file: read, merged with the variables, and every path in it made whole."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from gatepass.settings import SettingsError, log_format, parse_settings
from gatepass.wiring.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gatepass.settings import Settings

# Settings that name a file or a folder.
PATHS: Final[dict[str, tuple[str, ...]]] = {
    "database": ("path",),
    "keys": ("kek_file", "shared_secret_file"),
    "encryption": ("key_file",),
    "passwords": ("breached",),
    "mail": ("folder", "password_file"),
    "events": ("to", "token_file"),
    "server": ("metrics",),
}
# What some of them may say in its place; an address is none either.
NO_FILES: Final[dict[str, frozenset[str]]] = {
    "to": frozenset({"off", "stdout"}),
    "metrics": frozenset({"off", "loopback"}),
}


def load_settings(path: Path, env: Mapping[str, str]) -> Settings:
    """Read the file and the variables; relative paths in it start at its folder.

    Raises `SettingsError`, `WiringError`.
    """
    mapping = _read(path)
    try:
        settings = parse_settings(mapping, env)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    folder = path.resolve().parent
    placed = {table: _placed(folder, getattr(settings, table), names) for table, names in PATHS.items()}
    return msgspec.structs.replace(settings, **placed)


def wanted_log_format(path: Path, env: Mapping[str, str]) -> Literal["text", "json"]:
    """Say in which form the log is wanted, as far as that can be read."""
    try:
        mapping = _read(path)
    except WiringError:
        mapping = {}
    return log_format(mapping, env)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WiringError(f"there is no settings file {path}; 'gatepass init' writes one") from None
    except OSError as error:
        raise WiringError(f"can't read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WiringError(f"{path} is no TOML: {error}") from None


def _placed(folder: Path, table: msgspec.Struct, names: tuple[str, ...]) -> msgspec.Struct:
    given = {name: getattr(table, name) for name in names}
    files = {name: text for name, text in given.items() if text is not None and _is_file(name, text)}
    return msgspec.structs.replace(table, **{name: str(folder / text) for name, text in files.items()})


def _is_file(name: str, text: str) -> bool:
    return text not in NO_FILES.get(name, ()) and "://" not in text
