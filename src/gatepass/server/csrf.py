"""Whether an unsafe request that a cookie authorises comes from a page of ours (docs/adr/0007)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.server.answers import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

# RFC 9110 §9.2.1. Everything else changes something.
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def check_origin(headers: Iterable[tuple[bytes, bytes]], origins: AbstractSet[str]) -> None:
    """Accept a request whose browser says that it comes from one of the origins. Raises `Refused("csrf")`.

    Either `Sec-Fetch-Site: same-origin` or an `Origin` that equals one of ours as a whole. No page can set
    those two headers; a request with neither is no browser's, and has no business with a cookie.
    """
    site: list[bytes] = []
    origin: list[bytes] = []
    for name, value in headers:
        if name == b"sec-fetch-site":
            site.append(value)
        elif name == b"origin":
            origin.append(value)
    if site == [b"same-origin"]:
        return
    if len(origin) == 1 and origin[0].decode("latin-1") in origins:
        return
    raise Refused("csrf")
