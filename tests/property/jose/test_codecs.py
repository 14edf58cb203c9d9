"""What the codecs read, they write again; what two readers could read differently, they refuse."""

import base64
import contextlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import example, given
from hypothesis import strategies as st

from gatepass.jose import JoseError, Malformed, b64, strict_json
from gatepass.jose.algorithms import der_to_raw, raw_to_der
from gatepass.jose.header import parse_header

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)


class TwiceError(ValueError):
    """The reference reader met a member twice."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise TwiceError
    return members


@given(st.binary(max_size=100))
def test_bytes_come_back_from_their_one_spelling(data: bytes) -> None:
    text = b64.encode(data)
    assert text == base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    assert b64.decode(text) == data
    assert b64.decode_pair(text, b64.encode(data[:5])) == (data, data[:5])


@given(st.text(st.sampled_from('AQgwBz09-_+/=.\\"\n é'), max_size=12))
@example("A")
@example("AB")
@example("AAAA=")
def test_a_text_that_is_read_is_the_one_spelling(text: str) -> None:
    try:
        data = b64.decode(text)
    except Malformed:
        with pytest.raises(Malformed):
            b64.decode_pair(text, "")
        with pytest.raises(Malformed):
            b64.decode_pair("", text)
    else:
        assert b64.encode(data) == text
        assert b64.decode_pair(text, text) == (data, data)


@given(OBJECTS)
def test_an_object_comes_back(members: dict[str, Any]) -> None:
    assert strict_json.decode_object(strict_json.encode_object(members)) == members
    assert strict_json.decode_object(json.dumps(members, indent=1).encode()) == members


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "\\u0061", "c:", '\\"']), OBJECTS), max_size=4),
    st.sampled_from([":", " : "]),
)
def test_a_member_named_twice_is_refused_and_nothing_else(
    pairs: list[tuple[str, dict[str, Any]]], colon: str
) -> None:
    text = "{" + ",".join(f'"{name}"{colon}{json.dumps(value)}' for name, value in pairs) + "}"
    try:
        expected = json.loads(text, object_pairs_hook=once)
    except TwiceError:
        with pytest.raises(Malformed):
            strict_json.decode_object(text.encode())
    else:
        assert strict_json.decode_object(text.encode()) == expected


@given(
    st.binary(max_size=60) | st.text(st.sampled_from('{}[]":,\\u0aeE+-.1 \n'), max_size=30).map(str.encode)
)
def test_only_our_errors_escape_from_json_and_headers(text: bytes) -> None:
    try:
        members = strict_json.decode_object(text)
    except JoseError:
        pass
    else:
        assert members == json.loads(text, object_pairs_hook=once)
    for segment in (b64.encode(text), text.decode("latin-1")):
        with contextlib.suppress(JoseError):
            parse_header(segment)


@given(st.sampled_from([32, 48, 66]), st.data())
def test_ecdsa_signatures_keep_their_numbers(size: int, data: st.DataObject) -> None:
    bits = {32: 256, 48: 384, 66: 521}[size]
    numbers = st.integers(0, bits).flatmap(lambda width: st.integers(0, 2**width - 1))
    r, s = data.draw(numbers), data.draw(numbers)
    raw = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    assert raw_to_der(raw, size) == encode_dss_signature(r, s)
    assert der_to_raw(encode_dss_signature(r, s), size) == raw
