"""JSON that two readers could read differently is not read at all."""

from enum import StrEnum
from typing import Any

import pytest

from gatepass.jose import Malformed, strict_json
from gatepass.jose.strict_json import MAX_DEPTH

DEEPEST = b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"
ACCEPTED: dict[str, tuple[bytes, Any]] = {
    "empty": (b"{}", {}),
    "compact": (b'{"a":1,"b":"x","c":[true,null,1.5]}', {"a": 1, "b": "x", "c": [True, None, 1.5]}),
    "white space": (b' { "a" : 1 }\n', {"a": 1}),
    "escapes": (b'{"\\u0061":"\\"a\\":\\u00e9"}', {"a": '"a":é'}),
    "colons in strings": (b'{"a": "b:c", "d": "\\\\"}', {"a": "b:c", "d": "\\"}),
    "a number in another style": (b'{"a":1E3}', {"a": 1000.0}),
    "the same name at different depths": (b'{"a":{"a":{"a":1}}}', {"a": {"a": {"a": 1}}}),
    "objects in arrays": (b'{"a":[{"b":1},{"b":2}]}', {"a": [{"b": 1}, {"b": 2}]}),
    "the largest integer": (b'{"a":18446744073709551615}', {"a": 2**64 - 1}),
    "the smallest integer": (b'{"a":-18446744073709551615}', {"a": -(2**64) + 1}),
    "a surrogate pair": (b'{"a":"\\ud83d\\ude00"}', {"a": "😀"}),
}
REFUSED = {
    "nothing": b"",
    "an array": b"[]",
    "a text": b'"a"',
    "two objects": b"{}{}",
    "a name twice": b'{"a":1,"a":1}',
    "a name twice, once escaped": b'{"a":1,"\\u0061":2}',
    "a name twice, with white space": b'{"a":1,"a" :2}',
    "a name twice, inside": b'{"a":{"b":1,"b":2}}',
    "a name twice, inside an array": b'{"a":[{"b":1,"b":2}]}',
    "a name twice, deep": b'{"a":{"b":{"c":{"d":{"e":1,"e":1}}}}}',
    "NaN": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "a number that is infinity": b'{"a":1e400}',
    "an integer beyond 64 bits": b'{"a":18446744073709551616}',
    "a negative integer beyond 64 bits": b'{"a":[-18446744073709551616]}',
    "10**400": b'{"a":1' + b"0" * 400 + b"}",
    "10**5000": b'{"a":1' + b"0" * 5000 + b"}",
    "a lone surrogate": b'{"a":"\\ud800"}',
    "a lone surrogate as a name": b'{"\\udc00":1}',
    "bad UTF-8": b'{"a":"\xff"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "a comment": b'{"a":1/**/}',
    "a trailing comma": b'{"a":1,}',
    "one level too deep": b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
    "deeper than the stack": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize(("text", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_an_object_is_read(text: bytes, expected: Any) -> None:
    assert strict_json.decode_object(text) == expected


def test_the_deepest_object_is_read() -> None:
    assert strict_json.decode_object(DEEPEST)["a"]


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_it_is_not_read(text: bytes) -> None:
    with pytest.raises(Malformed):
        strict_json.decode_object(text)


class Role(StrEnum):
    DOCTOR = "doctor"


WRITTEN: dict[str, tuple[dict[str, Any], bytes]] = {
    "empty": ({}, b"{}"),
    "what most tokens hold": ({"a": 1, "b": "x", "c": ["y"]}, b'{"a":1,"b":"x","c":["y"]}'),
    "null and a float": ({"a": None, "b": 1.5, "c": True}, b'{"a":null,"b":1.5,"c":true}'),
    "objects, arrays, tuples": ({"a": {"b": [1, {}]}, "c": (1, 2)}, b'{"a":{"b":[1,{}]},"c":[1,2]}'),
    "a text of a narrower type": ({"a": Role.DOCTOR}, b'{"a":"doctor"}'),
}
UNWRITABLE: dict[str, dict[Any, Any]] = {
    "NaN": {"a": float("nan")},
    "infinity, inside": {"a": [1, {"b": float("-inf")}]},
    "bytes": {"a": b"x"},
    "a set": {"a": {"x"}},
    "an object of Python": {"a": object()},
    "a number as a name": {1: "x"},
    "a number as a name, inside": {"a": {1: "x", "1": "y"}},
    "an integer beyond 64 bits": {"a": 2**64},
    "a lone surrogate": {"a": "\ud800"},
    "too deep": {"a": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]},
}


@pytest.mark.parametrize(("members", "text"), WRITTEN.values(), ids=WRITTEN)
def test_an_object_is_written(members: dict[str, Any], text: bytes) -> None:
    assert strict_json.encode_object(members) == text


@pytest.mark.parametrize("members", UNWRITABLE.values(), ids=UNWRITABLE)
def test_what_json_does_not_have_is_not_written(members: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        strict_json.encode_object(members)
