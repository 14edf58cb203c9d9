"""JSON objects as RFC 7493 (I-JSON) wants them, and what no decoder at hand refuses by itself.

`msgspec` refuses NaN, 1e400, lone surrogates, a BOM and bad UTF-8, but keeps the last of duplicate members,
and its integers and nesting have only the interpreter's limits. Here a duplicate member at any depth, an
integer beyond 64 bits and nesting beyond `MAX_DEPTH` are refused too.
"""

import math
import re
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


def encode_object(members: dict[str, Any]) -> bytes:
    """Give the JSON text of an object, compact, such that `decode_object` gives the same back.

    Raises:
        Malformed: something in it is not a JSON value, or would be refused by `decode_object`.
    """
    # msgspec writes NaN as null, bytes as base64, dates and numeric keys as text. Here nothing is written
    # that was not said; on the path of every token, so what most objects hold is let through with the least
    # work.
    for value in members.values():
        kind = type(value)
        if not (
            kind is str or (kind is int and -(2**63) <= value < 2**63) or (kind is list and _are_texts(value))
        ):
            _count_members(members)
            break
    try:
        "".join(members)  # a TypeError, if a name is no text
        return _encode(members)
    except (ValueError, TypeError):  # a lone surrogate, a subclass of text or numbers
        raise Malformed("cannot be written as JSON") from None


def _are_texts(values: list[Any]) -> bool:
    for value in values:  # noqa: SIM110 - half the time of all(…)
        if type(value) is not str:
            return False
    return True


def _count_members(members: object) -> int:
    """Count the members of all objects in a value, and refuse what is no JSON, too deep or too large."""
    count = depth = 0
    level: list[object] = [members]
    while level:
        depth += 1
        below: list[object] = []
        for value in level:
            if isinstance(value, dict):
                count += len(value)
                below.extend(value.values())
                if not all(isinstance(name, str) for name in value):
                    raise Malformed("a member of a JSON object has a name that is not text")
            elif isinstance(value, list | tuple):
                below.extend(value)
            else:
                _check_scalar(value)
                continue
            if depth > MAX_DEPTH:
                raise Malformed("JSON is nested too deeply")
        level = below
    return count


def _check_scalar(value: object) -> None:
    if isinstance(value, int):
        if value.bit_length() > _MAX_BITS:
            raise Malformed("JSON holds an integer beyond 64 bits")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Malformed("JSON has no word for NaN or infinity")
    elif value is not None and not isinstance(value, str):
        raise Malformed("a value is not a JSON value")
