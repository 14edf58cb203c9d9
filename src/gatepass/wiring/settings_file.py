"""The settings file: read, merged with the variables, and every path in it made whole."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.settings import Encryption, Events, Mail, Passwords, Settings, SettingsError, parse_settings
from gatepass.wiring.errors import WiringError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Words in the place of a file's name.
NO_FILES: Final = frozenset({"off", "stdout", "loopback"})


def load_settings(path: Path, env: Mapping[str, str]) -> Settings:
    """Read the file and the variables; relative paths in it start at its folder.

    Raises `SettingsError`, `WiringError`.
    """
    try:
        mapping = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WiringError(f"there is no settings file {path}; 'gatepass init' writes one") from None
    except OSError as error:
        raise WiringError(f"can't read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WiringError(f"{path} is no TOML: {error}") from None
    try:
        settings = parse_settings(mapping, env)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from None
    folder = path.resolve().parent
    keys = msgspec.structs.replace(settings.keys, kek_file=str(folder / settings.keys.kek_file))
    if keys.shared_secret_file is not None:
        keys = msgspec.structs.replace(keys, shared_secret_file=str(folder / keys.shared_secret_file))
    return msgspec.structs.replace(
        settings,
        database=msgspec.structs.replace(settings.database, path=str(folder / settings.database.path)),
        keys=keys,
        passwords=_passwords_placed(folder, settings.passwords),
        encryption=_encryption_placed(folder, settings.encryption),
        events=_events_placed(folder, settings.events),
        server=msgspec.structs.replace(settings.server, metrics=_placed(folder, settings.server.metrics)),
        mail=_mail_placed(folder, settings.mail),
    )


def _encryption_placed(folder: Path, encryption: Encryption) -> Encryption:
    if encryption.key_file is None:
        return encryption
    return msgspec.structs.replace(encryption, key_file=str(folder / encryption.key_file))


def _passwords_placed(folder: Path, passwords: Passwords) -> Passwords:
    if passwords.breached is None:
        return passwords
    return msgspec.structs.replace(passwords, breached=str(folder / passwords.breached))


def _events_placed(folder: Path, events: Events) -> Events:
    secret = None if events.token_file is None else str(folder / events.token_file)
    to = events.to if "://" in events.to else _placed(folder, events.to)
    return msgspec.structs.replace(events, to=to, token_file=secret)


def _placed(folder: Path, name: str) -> str:
    """Give a file's path; a word that is no file stays."""
    return name if name in NO_FILES else str(folder / name)


def _mail_placed(folder: Path, mail: Mail) -> Mail:
    secret = None if mail.password_file is None else str(folder / mail.password_file)
    return msgspec.structs.replace(mail, folder=str(folder / mail.folder), password_file=secret)
