"""What an operator may choose: a mapping (from TOML) and `GATEPASS_…` variables → frozen, checked Settings.

Reads no file and no environment itself: both come in as mappings. Durations are seconds everywhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

ENV_PREFIX: Final = "GATEPASS_"

# Variables with the prefix that are no setting: where the file is, which the command line reads, and the
# password of the mail server, which wiring reads: a setting could be printed. The last two are for tests: the
# token of `pytest --gatepass-attack`, and the folder of the published vectors.
RESERVED_ENV: Final = frozenset(
    {"GATEPASS_SETTINGS", "GATEPASS_MAIL_PASSWORD", "GATEPASS_TOKEN", "GATEPASS_VECTORS"}
)

# Services and caches may keep the published keys for 300 seconds (server/routes/well_known.py tells them so,
# and a test holds the two together). Twice that: a fetch may fail once, and the command line's new key is
# published a little later. A key that signs sooner would be unknown to Services that do all right. Seconds.
PUBLISHED_AHEAD_AT_LEAST: Final = 600

# The revocation feed remembers what no longer holds for as long as any access token can live
# (auth/terms.py, and a test holds the two together). Seconds.
TOKENS_LIVE_AT_MOST: Final = 3_600

Seconds = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]

_ORIGIN: Final = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[1-9][0-9]{0,4})?")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


class SettingsError(Exception):
    """A setting that cannot be used; the text names the key, so that it can be found and mended."""

    code: Final = "settings_invalid"


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the settings file; nothing in it may be misspelt."""


class Database(_Table, frozen=True):
    """`[database]`: where everything rests, in a file or on a server; one of the two."""

    path: Text = "gatepass.db"
    """The SQLite file; a relative path starts at the settings file's folder."""
    url: Text | None = None
    """The PostgreSQL database, such as postgresql://gatepass@db.example.org/gatepass. May hold a password."""

    def __repr__(self) -> str:
        return f"Database(path={self.path!r})" if self.url is None else "Database(url=…)"


class Keys(_Table, frozen=True):
    """`[keys]`: what signs access tokens, and what seals the signing keys."""

    algorithm: Literal["ES256", "Ed25519", "RS256", "PS256", "HS256"] = "ES256"
    """The algorithm of new signing keys; HS256 is the shared-secret mode, which has none."""
    shared_secret_file: Text | None = None
    """For HS256: the file of the secret that Auth shares with its Services; only its owner may read it."""
    kek_file: Text = "gatepass.kek"
    """The file of the key-encryption key; only its owner may read it (mode 0600)."""
    lifetime: Seconds = 90 * 86_400
    """Seconds that a key signs before the next one takes over."""
    publish_ahead: Seconds = 3_600
    """Seconds that a new key is published before it signs, 600 at least."""


class Encryption(_Table, frozen=True):
    """`[encryption]`: the Service's key, to which access tokens are encrypted; without one they are not."""

    key_file: Text | None = None
    """The public key, as a JWK or in PEM."""
    jwks_url: Text | None = None
    """Or where the Service publishes it, as a JWK Set."""
    algorithm: Literal["ECDH-ES+A256KW", "RSA-OAEP-256"] = "ECDH-ES+A256KW"
    """What the key is for."""
    content: Literal["A256GCM", "A128GCM", "A256CBC-HS512"] = "A256GCM"
    """How the token itself is encrypted."""


class Tokens(_Table, frozen=True):
    """`[tokens]`: access tokens and their renewal."""

    lifetime: Seconds = 600
    """Seconds that an access token lives at most, 3600 at the longest; a client may ask for less."""
    refresh_idle: Seconds = 14 * 86_400
    """Seconds without a renewal after which a refresh token no longer works."""
    refresh_absolute: Seconds = 90 * 86_400
    """Seconds after the first issue when a line of refresh tokens ends whatever happens."""
    grace: Annotated[int, msgspec.Meta(ge=0, le=60)] = 10
    """Seconds in which the same refresh token gets the same answer again."""


class Sessions(_Table, frozen=True):
    """`[sessions]`: how long a log-in lasts."""

    idle: Seconds = 14 * 86_400
    """Seconds without use after which a session ends."""
    absolute: Seconds = 90 * 86_400
    """Seconds after the log-in when a session ends whatever happens."""


class Login(_Table, frozen=True):
    """`[login]`: who may try, how often, and who may join."""

    attempts_per_account: Count = 10
    """Failed attempts on one account in one window before it must wait."""
    attempts_per_address: Count = 100
    """Failed attempts from one address in one window before it must wait."""
    window: Seconds = 900
    """Seconds of one window."""
    registration: bool = False
    """Whether strangers may register themselves."""


class Links(_Table, frozen=True):
    """`[links]`: the one-time links in mails."""

    lifetime: Annotated[int, msgspec.Meta(ge=60, le=3_600)] = 600
    """Seconds that a link for a new password or another e-mail address lasts."""
    invite_lifetime: Annotated[int, msgspec.Meta(ge=60, le=30 * 86_400)] = 3 * 86_400
    """Seconds that the first link of a new account lasts."""


class Mail(_Table, frozen=True):
    """`[mail]`: how mails leave."""

    transport: Literal["folder", "console", "smtp"] = "folder"
    """`folder` and `console` are for development: nothing is sent."""
    folder: Text = "mails"
    """Where mails are written instead of sent; a relative path starts at the settings file's folder."""
    sender: Text = "gatepass@localhost"
    """What stands in `From`, such as "Clinic <no-reply@clinic.example>"."""
    host: Text = "localhost"
    """The mail server."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65_535)] = 587
    """Its port: 587 with `starttls`, 465 with `tls`."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a mail server on this machine."""
    username: Text | None = None
    """Whom the mail server knows us as, if it asks."""
    password_file: Text | None = None
    """The file with its password, which only its owner may read; or the variable GATEPASS_MAIL_PASSWORD."""


class Events(_Table, frozen=True):
    """`[events]`: the log of who logged in, refreshed, was ended, and by whom."""

    keep: Seconds = 365 * 86_400
    """Seconds that a line of it is kept."""
    to: Text = "off"
    """Where each event is written besides, as a line of JSON: "stdout", a file, or "off"."""


class Log(_Table, frozen=True):
    """`[log]`: what is written to standard error, and how."""

    format: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """From which level upwards."""
    access: bool = False
    """Whether each request leaves a line, without its query string."""


class Server(_Table, frozen=True):
    """`[server]`: where Auth listens and whom it trusts."""

    host: Text = "127.0.0.1"
    """The address to listen on."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65_535)] = 8000
    """The port to listen on; 0 takes any free one."""
    counters: bool = False
    """Whether GET /api/counters shows how many requests and look-ups there were (for demos and tests)."""
    app_origins: tuple[Text, ...] = ()
    """Origins of your own browser apps: they may call the API with the log-in cookie and be returned to."""
    trusted_proxies: tuple[Text, ...] = ()
    """Addresses or networks of your reverse proxies, whose X-Forwarded-For and X-Request-ID are believed."""
    metrics: Text = "off"
    """Who may read GET /metrics: nobody ("off"), programs of this machine ("loopback"), or who has the bearer
    token in this file."""
    hsts: Literal["subdomains", "host"] = "subdomains"
    """For which hosts browsers are told to keep to https: Auth's and all below it, or Auth's alone."""


class Settings(_Table, frozen=True):
    """Everything an operator may choose, checked."""

    issuer: Text
    """The origin under which browsers and Services reach Auth, such as https://login.example.org."""
    audience: Text
    """The name of your site, which every Service checks for in a token."""
    database: Database = Database()
    keys: Keys = Keys()
    encryption: Encryption = Encryption()
    tokens: Tokens = Tokens()
    sessions: Sessions = Sessions()
    login: Login = Login()
    links: Links = Links()
    mail: Mail = Mail()
    events: Events = Events()
    log: Log = Log()
    server: Server = Server()

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any], env: Mapping[str, str]) -> Settings:
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
            settings = msgspec.convert(tree, cls)
        except msgspec.ValidationError as error:
            raise SettingsError(_readable(str(error))) from None
        _check(settings)
        return settings


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
    return f"{path.strip('`').removeprefix('$').removeprefix('.')}: {what[:1].lower()}{what[1:]}"


def _check(settings: Settings) -> None:
    """Refuse what is well-typed and still cannot work."""
    _check_origin("issuer", settings.issuer)
    if not (settings.database.url or "postgresql:").startswith("postgresql:"):
        raise SettingsError("database.url must begin with postgresql://")
    for origin in settings.server.app_origins:
        _check_origin("server.app_origins", origin)
    for network in settings.server.trusted_proxies:
        try:
            ip_network(network)
        except ValueError:
            raise SettingsError("server.trusted_proxies must be addresses or networks") from None
    if (settings.keys.algorithm == "HS256") != (settings.keys.shared_secret_file is not None):
        raise SettingsError('keys.shared_secret_file and keys.algorithm = "HS256" go together')
    _check_encryption(settings.encryption)
    if settings.keys.publish_ahead < PUBLISHED_AHEAD_AT_LEAST:
        raise SettingsError(
            f"keys.publish_ahead must be {PUBLISHED_AHEAD_AT_LEAST} at least: Services keep published keys "
            "for minutes, and would refuse tokens of a key that signs before they have seen it"
        )
    if settings.tokens.lifetime > TOKENS_LIVE_AT_MOST:
        raise SettingsError(
            f"tokens.lifetime must be {TOKENS_LIVE_AT_MOST} at most: the revocation feed remembers no longer "
            "what was revoked; whoever stays renews, unnoticed"
        )
    if settings.tokens.lifetime > settings.tokens.refresh_idle:
        raise SettingsError("tokens.lifetime must not be longer than tokens.refresh_idle")
    if settings.tokens.refresh_idle > settings.tokens.refresh_absolute:
        raise SettingsError("tokens.refresh_idle must not be longer than tokens.refresh_absolute")
    if settings.sessions.idle > settings.sessions.absolute:
        raise SettingsError("sessions.idle must not be longer than sessions.absolute")
    _check_mail(settings.mail)


def _check_mail(mail: Mail) -> None:
    """Refuse what would send passwords or links through a network in the clear."""
    if mail.security == "none" and not _is_loopback(mail.host):
        raise SettingsError("mail.security must be starttls or tls: none is for a server on this machine")
    if "@" not in mail.sender or not mail.sender.isprintable():
        raise SettingsError("mail.sender must be an e-mail address, with or without a name before it")


def _check_encryption(encryption: Encryption) -> None:
    if encryption.key_file is not None and encryption.jwks_url is not None:
        raise SettingsError("encryption.key_file and encryption.jwks_url: give one of them")
    if encryption.jwks_url is None:
        return
    try:
        parts = urlsplit(encryption.jwks_url)
        host = parts.hostname or ""
    except ValueError:
        raise SettingsError("encryption.jwks_url is no address") from None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))):
        raise SettingsError("encryption.jwks_url must be https; plain http is for this machine")


def _check_origin(name: str, origin: str) -> None:
    """Accept `https://host[:port]` as a browser writes it, and plain http on this machine only.

    Browsers leave the default port out and write the host in lower case; any other spelling would never be
    equal to what they send, so it is refused here rather than wondered at later.
    """
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        raise SettingsError(
            f"{name} must be an origin in lower case, such as https://login.example.org: "
            "no path, no query, no slash at the end"
        )
    if match[3] is not None and (match[3] == _DEFAULT_PORTS[match[1]] or int(match[3][1:]) > 65_535):
        raise SettingsError(f"{name} must leave the default port out, and have a port below 65536")
    if match[1] == "http" and not _is_loopback(urlsplit(origin).hostname or ""):
        raise SettingsError(f"{name} must be https; plain http is for this machine (127.0.0.1, localhost)")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
