"""How a pass is carried: in the Authorization header or in a cookie, and nowhere else.

Never in the query string, where it would end up in logs, histories and Referer headers (RFC 9700 §4.3.2).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from gatepass.oauth import BearerError, UrlRefused, b64token, issuer_url
from gatepass.verifier.errors import CrossSite, MalformedRequest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# RFC 9110 §9.2.1. TRACE is safe too, and no service has use for it with a pass.
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_COOKIE_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 6265 §4.1.1, token
_COOKIE_VALUE: Final = re.compile(
    r"[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+"
)  # RFC 6265 §4.1.1, cookie-octet


class RequestHead(msgspec.Struct, frozen=True):
    """What of a request decides whose it is; header names are lower case, as ASGI gives them."""

    method: str
    headers: Collection[tuple[bytes, bytes]]
    """No iterator: they are gone through more than once."""

    def values(self, name: bytes) -> list[str]:
        """All values of one header, in order."""
        return [value.decode("latin-1") for key, value in self.headers if key == name]


class Carry(Protocol):
    """One way of carrying a pass."""

    def find(self, head: RequestHead) -> str | None:
        """Give the pass, or None where there is none. Raises `Refused` where it may not be used."""
        ...


@dataclass(frozen=True, slots=True)
class Bearer:
    """The pass is in `Authorization: Bearer …` (RFC 6750 §2.1)."""

    def find(self, head: RequestHead) -> str | None:
        """Give the token. Raises `MalformedRequest` for a second header or a malformed token."""
        found: bytes | None = None
        for name, value in head.headers:  # on the hot path: a plain loop
            if name == b"authorization":
                if found is not None:
                    # Two hops that each read another one is how a request is smuggled past a check.
                    raise MalformedRequest("two_authorization_headers")
                found = value
        if found is None or found[:7].lower() != b"bearer ":
            return None  # another scheme, such as Basic at a proxy, is no pass of ours
        try:
            return b64token(found[7:])
        except BearerError as error:
            raise MalformedRequest("malformed_bearer") from error


@dataclass(frozen=True, slots=True)
class Cookie:
    """The pass is in a cookie, which a browser also sends when another site made it send the request.

    So an unsafe method needs a sign that our own page sent it: `Sec-Fetch-Site: same-origin`, or an `Origin`
    out of `origins` (each as `https://clinic.example`). Neither header can be set by a page's script.
    """

    name: str
    origins: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if _COOKIE_NAME.fullmatch(self.name) is None:
            raise ValueError("not the name of a cookie (RFC 6265 §4.1.1)")
        for origin in self.origins:
            _check_origin(origin)

    def find(self, head: RequestHead) -> str | None:
        """Give the cookie's value. Raises `MalformedRequest` for two of them, `CrossSite`."""
        found = [value for pairs in head.values(b"cookie") for value in self._in(pairs)]
        if not found:
            return None
        if len(found) > 1:
            # A sibling domain can plant a second cookie of the same name; which one is ours, nobody can tell.
            raise MalformedRequest("two_cookies")
        if _COOKIE_VALUE.fullmatch(found[0]) is None:
            raise MalformedRequest("malformed_cookie")
        if head.method not in SAFE_METHODS and not self._is_ours(head):
            raise CrossSite("cross_site")
        return found[0]

    def _in(self, cookies: str) -> Iterable[str]:
        for pair in cookies.split(";"):
            name, _, value = pair.strip(" \t").partition("=")
            if name == self.name and value:
                yield value

    def _is_ours(self, head: RequestHead) -> bool:
        origins = head.values(b"origin")
        if origins:
            return len(origins) == 1 and (origins[0] in self.origins or self._is_same_origin(head))
        return self._is_same_origin(head)

    @staticmethod
    def _is_same_origin(head: RequestHead) -> bool:
        return head.values(b"sec-fetch-site") == ["same-origin"]


def _check_origin(origin: str) -> None:
    try:
        parts = issuer_url(origin)
    except UrlRefused as error:
        raise ValueError("an origin is https (or http on loopback)") from error
    if parts.path or origin != origin.lower():
        raise ValueError("an origin is scheme, host and port, in lower case: https://clinic.example")
