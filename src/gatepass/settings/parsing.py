"""From a mapping (TOML) and `GATEPASS_…` variables to Settings: every name known, every value of its type."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from gatepass.settings.errors import SettingsError
from gatepass.settings.rules import check
from gatepass.settings.tables import Settings

ENV_PREFIX: Final = "GATEPASS_"

# Variables with the prefix that are no setting: where the file is, which the command line reads, and the
# password of the mail server, which wiring reads: a setting could be printed. The last two are for tests: the
# token of `pytest --gatepass-attack`, and the folder of the published vectors.
RESERVED_ENV: Final = frozenset(
    {"GATEPASS_SETTINGS", "GATEPASS_MAIL_PASSWORD", "GATEPASS_TOKEN", "GATEPASS_VECTORS"}
)


def parse_settings(mapping: Mapping[str, Any], env: Mapping[str, str]) -> Settings:
    """Merge a parsed TOML document and `GATEPASS_…` variables, which win. Raises `SettingsError`.

    `GATEPASS_TOKENS__LIFETIME=60` sets `lifetime` in `[tokens]`; lists are separated by commas.
    """
    tree = _copied(mapping)
    _refuse_unknown(tree)
    for name in sorted(env):
        if name.startswith(ENV_PREFIX) and name not in RESERVED_ENV:
            _set(tree, name, env[name])
    if {"path", "url"} <= set(tree.get("database", ())):
        raise SettingsError("database.path and database.url: give one of them")
    try:
        settings = msgspec.convert(tree, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(_readable(str(error))) from None
    check(settings)
    return settings


def log_format(mapping: Mapping[str, Any], env: Mapping[str, str]) -> Literal["text", "json"]:
    """Say in which form the log is wanted, whatever else is wrong: for who must tell what it is."""
    table = mapping.get("log")
    given = table.get("format") if isinstance(table, Mapping) else None
    return "json" if env.get(_variable("log.format"), given) == "json" else "text"


def _kinds(struct: type[msgspec.Struct], prefix: str = "") -> dict[str, Any]:
    """Map every full name to its annotation."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found.update(_kinds(field.type, f"{prefix}{field.name}."))
        else:
            found[prefix + field.name] = msgspec.inspect.type_info(field.type)
    return found


_KINDS: Final = _kinds(Settings)
_TABLES: Final = frozenset(name.split(".")[0] for name in _KINDS if "." in name)


def _copied(mapping: Mapping[str, Any]) -> dict[str, Any]:
    return {key: dict(value) if isinstance(value, Mapping) else value for key, value in mapping.items()}


def _refuse_unknown(tree: Mapping[str, Any]) -> None:
    for key, value in tree.items():
        if key in _TABLES and isinstance(value, Mapping):
            for inner in value:
                _refuse_unless_known(f"{key}.{inner}")
        elif key in _TABLES:
            raise SettingsError(f"{key} must be a table: [{key}]")
        else:
            _refuse_unless_known(key)


def _refuse_unless_known(name: str) -> None:
    if name in _KINDS:
        return
    raise SettingsError(f"unknown setting {name!r}{_nearest(name, list(_KINDS))}")


def _nearest(name: str, known: list[str]) -> str:
    """Say which known name was probably meant; the last part counts where the table is wrong."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if not close:
        last = name.rpartition(".")[2]
        close = [other for other in known if other.rpartition(".")[2] == last]
    return f"; did you mean {close[0]!r}?" if close else f"; known are: {', '.join(known)}"


def _variable(name: str) -> str:
    return ENV_PREFIX + name.upper().replace(".", "__")


def _set(tree: dict[str, Any], variable: str, text: str) -> None:
    """Put one variable's value in its place, typed as the setting wants it."""
    variables = {_variable(name): name for name in _KINDS}
    if variable not in variables:
        raise SettingsError(f"unknown variable {variable!r}{_nearest(variable, list(variables))}")
    name = variables[variable]
    table, _, key = name.rpartition(".")
    place = tree.setdefault(table, {}) if table else tree
    place[key] = _typed(text, _KINDS[name], variable)


def _typed(text: str, kind: msgspec.inspect.Type, variable: str) -> object:
    if isinstance(kind, msgspec.inspect.IntType):
        if re.fullmatch(r"-?[0-9]{1,12}", text) is None:
            raise SettingsError(f"{variable} must be a whole number")
        return int(text)
    if isinstance(kind, msgspec.inspect.BoolType):
        if text.lower() not in {"true", "false", "1", "0"}:
            raise SettingsError(f"{variable} must be true or false")
        return text.lower() in {"true", "1"}
    if isinstance(kind, msgspec.inspect.VarTupleType):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _readable(message: str) -> str:
    """Turn msgspec's `… - at `$.tokens.lifetime`` into `tokens.lifetime: …`."""
    what, _, path = message.partition(" - at ")
    missing = re.search(r"missing required field `(\w+)`", what)
    if missing:
        return f"{missing[1]} must be set"
    name = path.strip("`").removeprefix("$").removeprefix(".")
    kind = _KINDS.get(name)
    words = map(str, kind.values) if isinstance(kind, msgspec.inspect.LiteralType) else ()
    known = f"; known are: {', '.join(words)}" if words else ""
    return f"{name}: {what[:1].lower()}{what[1:]}{known}"
