"""base64url as RFC 7515 §2 spells it, and only in its canonical form.

No padding, no other alphabet, no white space, no spare bits: two different texts never decode to the same
bytes (RFC 4648 §3.5). A decoder that ignores such things defeats every deny list keyed on the token's text
(CVE-2026-102269).
"""

from typing import Final

import msgspec

from gatepass.jose.errors import Malformed

# The fastest strict codec at hand is the one in msgspec: in C, it keeps the GIL, and refuses everything
# outside its alphabet, white space too. It speaks base64 with padding, inside JSON strings, so that is what
# it is given.
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(bytes).decode
_decode_pair = msgspec.json.Decoder(tuple[bytes, bytes]).decode

# By the length modulo 4: the padding to add, and the characters that may come last. Two characters hold 4
# spare bits and three hold 2, which must be zero; one left over is never right.
_PADDING: Final = ("", "", "==", "=")
_ALPHABET: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_LAST: Final = (_ALPHABET, frozenset[str](), frozenset("AQgw"), frozenset("AEIMQUYcgkosw048"))


def encode(data: bytes) -> str:
    """Give the base64url text of some bytes, without padding."""
    return encode_ascii(data).decode("ascii")


def encode_ascii(data: bytes) -> bytes:
    """Give the same as `encode`, as ASCII bytes."""
    return _encode(data).strip(b'"=').replace(b"+", b"-").replace(b"/", b"_")


def decode(text: str) -> bytes:
    """Give the bytes of a canonical base64url text.

    Raises:
        Malformed: it is not canonical base64url.
    """
    rest = len(text) & 3
    if text and text[-1] not in _LAST[rest]:
        raise Malformed("not canonical base64url")
    quoted = f'"{text}{_PADDING[rest]}"'
    # The backslash, because in JSON "\u0041" is another way to write A.
    if "+" in quoted or "/" in quoted or "\\" in quoted:
        raise Malformed("not base64url")
    try:
        return _decode(quoted.replace("-", "+").replace("_", "/"))
    except (msgspec.MsgspecError, UnicodeError):
        raise Malformed("not base64url") from None


def decode_pair(first: str, second: str) -> tuple[bytes, bytes]:
    """Give the bytes of two texts, as `decode` does, in one call: this is on the path of every token.

    Raises:
        Malformed: one of them is not canonical base64url.
    """
    one, two = len(first) & 3, len(second) & 3
    if (first and first[-1] not in _LAST[one]) or (second and second[-1] not in _LAST[two]):
        raise Malformed("not canonical base64url")
    # A quote in either text makes other than two strings of it, which is refused.
    quoted = f'["{first}{_PADDING[one]}","{second}{_PADDING[two]}"]'
    if "+" in quoted or "/" in quoted or "\\" in quoted:
        raise Malformed("not base64url")
    try:
        return _decode_pair(quoted.replace("-", "+").replace("_", "/"))
    except (msgspec.MsgspecError, UnicodeError):
        raise Malformed("not base64url") from None
