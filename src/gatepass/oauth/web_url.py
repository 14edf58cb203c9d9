"""Which addresses may be named in a document and asked: https, and http on this machine alone."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from gatepass.oauth.errors import UrlRefused

# RFC 3986 §2: every character of a URL. `urlsplit` itself drops tabs and newlines without a word.
_URL_CHARACTERS: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2048}")


def web_url(text: str) -> SplitResult:
    """Parse an absolute https URL, or an http URL whose host is this machine. Raises `UrlRefused`.

    Refused are other schemes (`file:`), user information, fragments, and whatever is not a URL at all.
    """
    if _URL_CHARACTERS.fullmatch(text) is None:
        raise UrlRefused("not a URL")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UrlRefused("not a URL") from error
    if parts.scheme not in {"https", "http"}:
        raise UrlRefused("the URL must begin with https:// (on loopback also http://)")
    if not host or parts.username is not None or parts.password is not None or "#" in text:
        raise UrlRefused("the URL must name a host, and neither a user nor a fragment")
    if parts.scheme == "http" and not _is_loopback(host):
        raise UrlRefused("the URL must be https (plain http only on loopback)")
    return parts


def issuer_url(text: str) -> SplitResult:
    """Parse an issuer identifier: a web URL without query (RFC 8414 §2). Raises `UrlRefused`."""
    parts = web_url(text)
    if "?" in text:
        raise UrlRefused("an issuer has no query (RFC 8414 §2)")
    return parts


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
