"""Where a browser may be sent after log-in or log-out: to us, or to a configured application."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

# Long enough for any page of ours with its query, short enough for every proxy's header limit.
MAX_LENGTH: Final = 2048

# Printable ASCII without the backslash, which browsers read as a slash, and without space, tab and newline,
# which they drop before they parse (WHATWG URL §4.4): to them "/\t/evil.example" is "//evil.example".
_CHARACTERS: Final = re.compile(r"[\x21-\x5B\x5D-\x7E]+")
_ABSOLUTE: Final = re.compile(r"(https?://[^/?#@]+)(?:[/?#].*)?")

# Going back to these would log the person out again, or show the form to somebody who is in.
_ENTRANCES: Final = ("/login", "/logout")


def safe_return_to(text: str | None, *, own_origin: str, app_origins: AbstractSet[str]) -> str | None:
    """Give the address back when it may be gone to, otherwise None.

    It is a path of ours that starts with one slash, or an absolute URL whose origin *equals* ours or a
    configured one, character by character: no prefixes, no case folding, no default ports, no user part.
    """
    if text is None or len(text) > MAX_LENGTH or _CHARACTERS.fullmatch(text) is None:
        return None
    if text.startswith("/"):
        path = text
        if text.startswith("//"):
            return None
    else:
        match = _ABSOLUTE.fullmatch(text)
        if match is None:
            return None
        if match[1] in app_origins:
            return text
        if match[1] != own_origin:
            return None
        path = text[len(own_origin) :]
    return None if re.split(r"[?#]", path, maxsplit=1)[0] in _ENTRANCES else text
