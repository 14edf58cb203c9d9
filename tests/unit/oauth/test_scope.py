"""Scopes (RFC 6749 §3.3)."""

import pytest

from gatepass.oauth import ScopeInvalid, format_scope, parse_scope


@pytest.mark.parametrize(
    ("text", "scope"),
    [("", set()), ("profile", {"profile"}), ("a b a", {"a", "b"}), ("urn:x:y=Z&,G", {"urn:x:y=Z&,G"})],
)
def test_a_scope_is_a_set_of_words(text: str, scope: set[str]) -> None:
    assert parse_scope(text) == scope


@pytest.mark.parametrize("text", [" ", " a", "a ", "a  b", "a\tb", "a\nb", 'a"b', "a\\b", "á", "a\0"])
def test_what_is_outside_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(ScopeInvalid):
        parse_scope(text)


def test_equal_sets_are_written_alike() -> None:
    assert format_scope({"b", "c", "a"}) == format_scope(frozenset("cab")) == "a b c"
    assert format_scope(set()) == ""


@pytest.mark.parametrize("word", ["", "two words", 'a"b', "á"])
def test_what_could_not_be_read_again_is_not_written(word: str) -> None:
    with pytest.raises(ScopeInvalid):
        format_scope({word})
