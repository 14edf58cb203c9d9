"""JSON objects as RFC 7493 (I-JSON) wants them, and what no decoder at hand refuses by itself.

`msgspec` refuses NaN, 1e400, lone surrogates, a BOM and bad UTF-8, but keeps the last of duplicate members,
and its integers and nesting have only the interpreter's limits. Here a duplicate member at any depth, an
integer beyond 64 bits and nesting beyond `MAX_DEPTH` are refused too.
"""

import math
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from gatepass.jose.errors import Malformed

MAX_DEPTH: Final = 32  # objects and arrays inside each other: real claims need 3 or 4, and a stack is finite
_MAX_BITS: Final = 64  # of an integer: what other languages can hold (RFC 7493 §2.2 warns from 53 on)

# Most objects are shallow and their integers small. A decoder that can only give such values proves both
# for nothing.
_Scalar = str | Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)] | float | bool | None
_Flat = _Scalar | list[_Scalar] | dict[str, _Scalar]
_Shallow = _Scalar | list[_Flat] | dict[str, _Flat]
_decode_shallow = msgspec.json.Decoder(dict[str, _Shallow]).decode
_decode_any = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def decode_object(text: bytes) -> dict[str, Any]:
    """Give the JSON object that some bytes spell.

    Raises:
        Malformed: not JSON, not an object, or one of the things named above.
    """
    try:
        members: dict[str, Any] = _decode_shallow(text)
        # The proof that no member came twice, for 0.3 µs: encoded again it is the same text.
        if _encode(members) == text:
            return members
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    return _decode_exactly(text)


def _decode_exactly(text: bytes) -> dict[str, Any]:
    """Decode what is deep, large, written in another style, or wrong, and look at every member."""
    try:
        members = _decode_any(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Malformed("not a strict JSON object") from None
    # The grammar is known to be right, so outside strings every colon belongs to one member of the text.
    if _STRING.sub(b"", text).count(b":") != _count_members(members):
        raise Malformed("JSON names a member twice")
    return members


def encode_object(members: Mapping[str, object]) -> bytes:
    """Give the JSON text of an object, compact.

    Raises:
        Malformed: something in it is not JSON.
    """
    try:
        text = _encode(members)
        if text.count(b"null"):  # is it None, or what NaN and infinity would silently become?
            _count_members(msgspec.to_builtins(members))
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise Malformed("cannot be written as JSON") from None
    return text


def _count_members(members: object) -> int:
    """Count the members of an object and of all objects in it, and refuse what is too deep or too large."""
    count = depth = 0
    level: list[object] = [members]
    while level:
        depth += 1
        below: list[object] = []
        for value in level:
            if not isinstance(value, dict | list):
                _check_number(value)
                continue
            if depth > MAX_DEPTH:
                raise Malformed("JSON is nested too deeply")
            if isinstance(value, dict):
                count += len(value)
                below.extend(value.values())
            else:
                below.extend(value)
        level = below
    return count


def _check_number(value: object) -> None:
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        raise Malformed("JSON holds an integer beyond 64 bits")
    if isinstance(value, float) and not math.isfinite(value):
        raise Malformed("JSON has no word for NaN or infinity")
