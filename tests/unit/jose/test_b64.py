"""base64url has one spelling for each sequence of bytes, and only that one is read."""

import pytest

from gatepass.jose import Malformed, b64

# RFC 4648 §10, in the other alphabet and without padding
SPELLINGS = {
    b"": "",
    b"f": "Zg",
    b"fo": "Zm8",
    b"foo": "Zm9v",
    b"foob": "Zm9vYg",
    b"fooba": "Zm9vYmE",
    b"foobar": "Zm9vYmFy",
    b"\xfb\xff": "-_8",
}
REFUSED = {
    "padding": "Zg==",
    "one character over": "Zm9vY",
    "spare bits after one byte": "Zh",
    "spare bits after two bytes": "Zm9",
    "the plus of the other alphabet": "+_8A",
    "the slash of the other alphabet": "-/8A",
    "padding in the middle": "Zg==Zg",
    "a space": "Zm 9",
    "a line break": "Zm9v\nZm9v",
    "a line break at the end": "Zm9vZm8\n",
    "a quote": 'Zm"v',
    "an escape": "\\u005a",
    "another script": "Zmé9",
    "a lone surrogate": "Zm\ud8009",
    "a NUL": "Zm\x009",
    "a dot": "Zm.v",
}


@pytest.mark.parametrize("data", SPELLINGS)
def test_each_sequence_of_bytes_has_its_spelling(data: bytes) -> None:
    text = SPELLINGS[data]
    assert b64.encode(data) == text
    assert b64.encode_ascii(data) == text.encode()
    assert b64.decode(text) == data
    assert b64.decode_pair(text, "Zg") == (data, b"f")
    assert b64.decode_pair("Zg", text) == (b"f", data)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_no_other_spelling_is_read(text: str) -> None:
    for attempt in (
        lambda: b64.decode(text),
        lambda: b64.decode_pair(text, "Zg"),
        lambda: b64.decode_pair("Zg", text),
    ):
        with pytest.raises(Malformed):
            attempt()


def test_a_text_cannot_pose_as_two() -> None:
    with pytest.raises(Malformed):
        b64.decode_pair('Zm9v","Zm9v', "Zm9v")
