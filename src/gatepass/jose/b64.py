"""base64url as RFC 7515 §2 spells it, and only in its canonical form.

No padding, no other alphabet, no white space, no spare bits: two different texts never decode to the same
bytes (RFC 4648 §3.5). A decoder that ignores such things defeats every deny list keyed on the token's text
(CVE-2026-102269).
"""

from binascii import b2a_base64

import msgspec

from gatepass.jose.errors import Malformed

_TO_URL = bytes.maketrans(b"+/", b"-_")
# The last character of a text of 2 (mod 4) characters holds 4 spare bits, of 3 (mod 4) characters 2: they
# must be zero.
_LAST = {2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}
_PADDING = {2: "==", 3: "="}
_convert = msgspec.convert


def encode(data: bytes) -> str:
    """Give the base64url text of some bytes, without padding."""
    return b2a_base64(data).translate(_TO_URL, b"=\n").decode("ascii")


def encode_ascii(data: bytes) -> bytes:
    """Give the same as `encode`, as ASCII bytes."""
    return b2a_base64(data).translate(_TO_URL, b"=\n")


def decode(text: str) -> bytes:
    """Give the bytes of a canonical base64url text.

    Raises:
        Malformed: it is not canonical base64url.
    """
    if "+" in text or "/" in text or "=" in text:
        raise Malformed("not base64url")
    rest = len(text) & 3
    if rest:
        if text[-1] not in _LAST.get(rest, ()):  # one left over is never right
            raise Malformed("not canonical base64url")
        text += _PADDING[rest]
    try:
        # A strict decoder in C that keeps the GIL; it refuses white space and everything outside the
        # alphabet.
        return _convert(text.replace("-", "+").replace("_", "/"), bytes)
    except msgspec.ValidationError:
        raise Malformed("not base64url") from None
