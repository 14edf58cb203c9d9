"""What an operator may choose: the tables of the settings file. Durations are seconds everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Seconds = Annotated[int, msgspec.Meta(ge=1)]
Count = Annotated[int, msgspec.Meta(ge=1)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


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
    """Whether strangers may register themselves; they choose the password by a link in a mail."""


class Passwords(_Table, frozen=True):
    """`[passwords]`: what nobody may choose, beside the commonest."""

    breached: Text | None = None
    """The file of Pwned Passwords, ordered by hash; a relative path starts at the settings file's folder."""


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
    """Where each event is written besides, as a line of JSON: "stdout", a file, the https address of a
    collector, or "off"."""
    token_file: Text | None = None
    """For a collector: the file with the bearer token that it asks for; only its owner may read it."""


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
    passwords: Passwords = Passwords()
    links: Links = Links()
    mail: Mail = Mail()
    events: Events = Events()
    log: Log = Log()
    server: Server = Server()
