"""JSON objects as RFC 7493 (I-JSON) wants them, and what no decoder at hand refuses by itself.

`msgspec` refuses NaN, 1e400, lone surrogates, a BOM and bad UTF-8, but keeps the last of duplicate members,
and its integers and nesting have only the interpreter's limits. Here a duplicate member at any depth, an
integer beyond 64 bits and nesting beyond `MAX_DEPTH` are refused too.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from gatepass.jose.errors import Malformed

# containers inside each other; real claims need 3 or 4, a verifier's stack is not a stranger's to fill
MAX_DEPTH = 32
_MAX_BITS = 64  # of an integer: what other languages can hold (RFC 7493 §2.2 warns from 53 on)

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode
_DIGITS_TO_ZERO = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_LONG_NUMBER = b"0" * 19  # every integer with fewer digits fits 64 bits
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def decode_object(text: bytes) -> dict[str, Any]:
    """Give the JSON object that some bytes spell.

    Raises:
        Malformed: not JSON, not an object, or one of the things named above.
    """
    try:
        members = _decode(text)
        # The proof that no member came twice: encoded again it is the same text. Of what was written in
        # another style (white space, escapes, 1e3) the members are counted instead.
        same = _encode(members) == text
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed("not a strict JSON object") from None
    # One pass finds both: how many containers are opened, and whether a run of digits is long.
    slim = text.translate(_DIGITS_TO_ZERO, b"{[")
    if not same or len(text) - len(slim) > MAX_DEPTH or _LONG_NUMBER in slim:
        _check_exactly(text, members)
    return members


def encode_object(members: Mapping[str, object]) -> bytes:
    """Give the JSON text of an object, compact, such that `decode_object` accepts it.

    Raises:
        Malformed: something in it is not JSON, or the text would be refused.
    """
    try:
        text = _encode(members)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise Malformed("cannot be written as JSON") from None
    slim = text.translate(_DIGITS_TO_ZERO, b"{[")
    if len(text) - len(slim) > MAX_DEPTH or _LONG_NUMBER in slim or b"null" in slim:
        _check_exactly(text, msgspec.to_builtins(members))  # NaN and infinity would silently become null
    return text


def _check_exactly(text: bytes, members: object) -> None:
    """Walk the decoded value and compare the number of members with what the text says."""
    found = 0
    depth = 0
    level: list[object] = [members]
    while level:
        depth += 1
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                found += len(value)
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            else:
                _check_number(value)
                continue
            if depth > MAX_DEPTH:
                raise Malformed("JSON is nested too deeply")
        level = below
    # The grammar is known to be right, so outside strings every colon belongs to one member.
    if _STRING.sub(b"", text).count(b":") != found:
        raise Malformed("JSON names a member twice")


def _check_number(value: object) -> None:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise Malformed("JSON holds an integer beyond 64 bits")
    if isinstance(value, float) and not math.isfinite(value):
        raise Malformed("JSON has no word for NaN or infinity")
