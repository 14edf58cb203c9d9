"""A header is typed before anything decides by it."""

from typing import Any

import msgspec
import pytest

from gatepass.jose import CriticalHeader, Malformed, b64
from gatepass.jose.header import media_type, parse_header


def segment(**members: Any) -> str:
    return b64.encode(msgspec.json.encode(members))


IGNORED: dict[str, Any] = {
    "jku": "https://evil.example/keys",
    "x5u": "https://evil.example/cert",
    "x5t": "AAAA",
    "x5t#S256": "AAAA",
    "jwk": {"kty": "oct"},
    "x5c": ["AAAA"],
    "p2c": 1000,
    "anything": [1, {"a": None}],
}


def test_what_is_not_understood_is_kept_and_means_nothing() -> None:
    header = parse_header(segment(alg="ES256", typ="JWT", kid="k", cty="x", **IGNORED))
    assert (header.alg, header.typ, header.kid, header.cty) == ("ES256", "JWT", "k", "x")
    assert {name: header.members[name] for name in IGNORED} == IGNORED


def test_a_header_of_texts_alone_may_be_remembered() -> None:
    assert parse_header(segment(alg="ES256", kid="k")).plain
    assert not parse_header(segment(alg="ES256", anything=1)).plain


def test_members_are_read_only() -> None:
    with pytest.raises(TypeError):
        parse_header(segment(alg="ES256")).members["alg"] = "none"  # type: ignore[index]


TEXTS = ["alg", "typ", "cty", "kid", "jku", "x5u", "x5t", "x5t#S256", "enc", "apu", "apv", "iv", "tag", "p2s"]


@pytest.mark.parametrize("value", [5, None, True, ["HS256"], {"a": 1}])
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_nothing_else(name: str, value: Any) -> None:
    with pytest.raises(Malformed):
        parse_header(segment(**{"alg": "HS256", name: value}))


WRONG: dict[str, dict[str, Any]] = {
    "no alg": {},
    "an empty alg": {"alg": ""},
    "jwk is a text": {"alg": "x", "jwk": "x"},
    "jwk is an array": {"alg": "x", "jwk": []},
    "epk is a number": {"alg": "x", "epk": 1},
    "x5c is a text": {"alg": "x", "x5c": "x"},
    "x5c is empty": {"alg": "x", "x5c": []},
    "x5c holds a number": {"alg": "x", "x5c": [1]},
    "p2c is a text": {"alg": "x", "p2c": "1000"},
    "p2c is a float": {"alg": "x", "p2c": 1000.5},
    "p2c is true": {"alg": "x", "p2c": True},
    "p2c is zero": {"alg": "x", "p2c": 0},
}


@pytest.mark.parametrize("members", WRONG.values(), ids=WRONG)
def test_a_member_of_a_wrong_type_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_header(segment(**members))


@pytest.mark.parametrize("value", [[], ["exp"], 5, None, True, "x"])
@pytest.mark.parametrize("name", ["crit", "b64", "zip"])
def test_an_extension_is_refused_whatever_it_says(name: str, value: Any) -> None:
    with pytest.raises(CriticalHeader) as caught:
        parse_header(segment(**{"alg": "ES256", name: value}))
    assert caught.value.code == "critical_header"


def test_media_types_are_compared_in_one_spelling() -> None:
    assert media_type(None) is None
    assert media_type("AT+JWT") == media_type("application/at+jwt") == media_type("Application/AT+jwt")
    assert media_type("application/a/b") == "application/a/b"  # only where no other slash follows
    assert media_type("\u212a") == "\u212a"  # the Kelvin sign is not a k
