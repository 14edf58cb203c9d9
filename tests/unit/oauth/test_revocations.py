"""Pages of the revocation feed as they travel: what is written is read, whatever it is."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepass.oauth import PAGE_ENTRIES, Cursor, OAuthError, Page, Selector, Selects, mark_of
from gatepass.oauth.revocations import MARK_BYTES, PAGE_LENGTH

COUNT = st.integers(0, 2**53 - 1)
SELECTORS = st.builds(Selector, st.sampled_from(Selects), st.integers(0, 2**48 - 1), COUNT, COUNT)
ISSUER = "https://auth.example"


def wire(page: Page) -> dict[str, object]:
    claims: dict[str, object] = json.loads(json.dumps(page.to_claims(issuer=ISSUER)))
    return claims


@given(st.lists(SELECTORS, max_size=20), COUNT, st.none() | COUNT, st.booleans())
def test_a_page_is_read_as_it_was_written(
    selectors: list[Selector], seq: int, after: int | None, more: bool
) -> None:
    page = Page("feed", None if after is None else min(after, seq), seq, more, 1_000, tuple(selectors))
    read = Page.from_claims(wire(page))
    assert (read.log, read.after, read.seq, read.more, read.true_at) == ("feed", page.after, seq, more, 1_000)
    assert sorted(map(repr, read.selectors)) == sorted(map(repr, selectors))


def test_entries_that_end_together_share_all_but_their_marks() -> None:
    one = [Selector(Selects.SID, mark_of(str(i)), 0, 60) for i in range(100)]
    other = [Selector(Selects.SID, mark_of(str(i)), 0, 120) for i in range(50)]
    groups = wire(Page("feed", None, 150, False, 0, (*one, *other)))["groups"]
    assert isinstance(groups, list)
    assert [(group[:3], len(group[3])) for group in groups] == [(["sid", 0, 60], 800), (["sid", 0, 120], 400)]


def test_the_largest_page_is_not_too_long_to_be_read() -> None:
    end = 9_999_999_999  # seconds: a year that nobody will see
    apart = tuple(Selector(Selects.CLIENT_ID, i, end - i, end) for i in range(PAGE_ENTRIES))
    page = Page("f" * 64, None, 2**53 - 1, True, end * 1000, apart)
    text = json.dumps(wire(page), separators=(",", ":"))
    assert len(text) * 4 / 3 + 1_000 < PAGE_LENGTH


def test_a_mark_is_the_beginning_of_a_hash() -> None:
    assert mark_of("abc") == 0xBA7816BF8F01  # FIPS 180-2, B.1
    assert mark_of("abc").bit_length() <= MARK_BYTES * 8


@given(st.text(max_size=80))
def test_a_cursor_is_a_cursor_or_nothing(text: str) -> None:
    cursor = Cursor.parse(text)
    assert cursor is None or Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text", ["", ".", "a.", ".1", "a.-1", "a.+1", "a.1 ", "a.١", "a" * 65 + ".1", "a.1e3"]
)
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert Cursor.parse(text) is None
    assert Cursor.parse("a.b.1") == Cursor("a.b", 1)  # the twin


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=12,
)
NAMES = ["log", "after", "seq", "more", "true_at", "groups"]
GOOD = wire(Page("feed", None, 1, False, 0, (Selector(Selects.SID, 1, 0, 60),)))


@given(st.dictionaries(st.sampled_from(NAMES), JSON))
def test_whatever_the_claims_only_our_own_error_comes_out(changes: dict[str, object]) -> None:
    with contextlib.suppress(OAuthError):
        Page.from_claims(GOOD | changes)
