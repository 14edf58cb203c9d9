"""What cannot work though each value has the right type: settings that contradict each other or the rest."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from gatepass.settings.errors import SettingsError

if TYPE_CHECKING:
    from gatepass.settings.tables import Encryption, Events, Keys, Mail, Server, Settings, Tokens

# Services and caches may keep the published keys for 300 seconds (server/routes/well_known.py tells them so,
# and a test holds the two together). Twice that: a fetch may fail once, and the command line's new key is
# published a little later. A key that signs sooner would be unknown to Services that do all right. Seconds.
PUBLISHED_AHEAD_AT_LEAST: Final = 600

# The revocation feed remembers what no longer holds for as long as any access token can live
# (auth/terms.py, and a test holds the two together). Seconds.
TOKENS_LIVE_AT_MOST: Final = 3_600

_ORIGIN: Final = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[1-9][0-9]{0,4})?")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def check(settings: Settings) -> None:
    """Refuse what is well-typed and still cannot work. Raises `SettingsError`."""
    _check_origin("issuer", settings.issuer)
    if not (settings.database.url or "postgresql:").startswith("postgresql:"):
        raise SettingsError("database.url must begin with postgresql://")
    _check_server(settings.server)
    _check_keys(settings.keys)
    _check_encryption(settings.encryption)
    _check_tokens(settings.tokens)
    if settings.sessions.idle > settings.sessions.absolute:
        raise SettingsError("sessions.idle must not be longer than sessions.absolute")
    _check_mail(settings.mail)
    _check_events(settings.events)


def _check_server(server: Server) -> None:
    for origin in server.app_origins:
        _check_origin("server.app_origins", origin)
    for network in server.trusted_proxies:
        try:
            ip_network(network)
        except ValueError:
            raise SettingsError("server.trusted_proxies must be addresses or networks") from None


def _check_keys(keys: Keys) -> None:
    if (keys.algorithm == "HS256") != (keys.shared_secret_file is not None):
        raise SettingsError('keys.shared_secret_file and keys.algorithm = "HS256" go together')
    if keys.publish_ahead < PUBLISHED_AHEAD_AT_LEAST:
        raise SettingsError(
            f"keys.publish_ahead must be {PUBLISHED_AHEAD_AT_LEAST} at least: Services keep published keys "
            "for minutes, and would refuse tokens of a key that signs before they have seen it"
        )


def _check_tokens(tokens: Tokens) -> None:
    if tokens.lifetime > TOKENS_LIVE_AT_MOST:
        raise SettingsError(
            f"tokens.lifetime must be {TOKENS_LIVE_AT_MOST} at most: the revocation feed remembers no longer "
            "what was revoked; whoever stays renews, unnoticed"
        )
    if tokens.lifetime > tokens.refresh_idle:
        raise SettingsError("tokens.lifetime must not be longer than tokens.refresh_idle")
    if tokens.refresh_idle > tokens.refresh_absolute:
        raise SettingsError("tokens.refresh_idle must not be longer than tokens.refresh_absolute")


def _check_events(events: Events) -> None:
    """Refuse a collector that anybody on the way could read or play."""
    if "://" not in events.to:
        if events.token_file is not None:
            raise SettingsError("events.token_file is for a collector, whose address stands in events.to")
        return
    if not _is_address("events.to", events.to):
        raise SettingsError("events.to must be https; plain http is for this machine")


def _check_mail(mail: Mail) -> None:
    """Refuse what would send passwords or links through a network in the clear."""
    if mail.security == "none" and not _is_loopback(mail.host):
        raise SettingsError("mail.security must be starttls or tls: none is for a server on this machine")
    if "@" not in mail.sender or not mail.sender.isprintable():
        raise SettingsError("mail.sender must be an e-mail address, with or without a name before it")


def _check_encryption(encryption: Encryption) -> None:
    if encryption.key_file is not None and encryption.jwks_url is not None:
        raise SettingsError("encryption.key_file and encryption.jwks_url: give one of them")
    if encryption.jwks_url is not None and not _is_address("encryption.jwks_url", encryption.jwks_url):
        raise SettingsError("encryption.jwks_url must be https; plain http is for this machine")


def _is_address(name: str, url: str) -> bool:
    """Say whether it is https, or http on this machine. Raises `SettingsError` where it is no address."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        url.encode("ascii")
    except ValueError:
        raise SettingsError(f"{name} is no address") from None
    if not url.isprintable() or " " in url:
        raise SettingsError(f"{name} is no address")
    if "@" in parts.netloc:
        raise SettingsError(f"{name} must not hold a name or a password")
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host)))


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
