"""The small parts of the HTTP client: events from a stream, freshness of a document, a pool gone stale."""

from __future__ import annotations

import importlib.util
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepass.verifier import FetchFailed
from gatepass.verifier.fetch import EventLines, HttpFetch, _ConnectionLost, _max_age, require_http_client

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

STREAM = (
    b": hello\n\nid: log.1\ndata: one\n\nretry: 5\r\ndata:two\r\ndata:  three\r\n\r\nevent: x\n\ndata: \n\n"
)
EVENTS = ["one", "two\n three", ""]


@given(cuts=st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_events_are_the_same_wherever_the_stream_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    lines = EventLines(limit=100)
    found = [event for start, end in pairwise(places) for event in lines.feed(STREAM[start:end])]
    assert found == EVENTS


@pytest.mark.parametrize(
    "flood", [b"data: " + b"A" * 100, b"data: A\n" * 50, b"A" * 101], ids=["long", "many lines", "no line"]
)
def test_an_event_that_is_too_long_is_refused_before_its_end(flood: bytes) -> None:
    with pytest.raises(FetchFailed) as failure:
        list(EventLines(limit=100).feed(flood))
    assert failure.value.code == "too_large"
    assert list(EventLines(limit=100).feed(b"data: A\n\n" * 50)) == ["A"] * 50  # the twin: many that fit


@pytest.mark.parametrize(
    ("header", "age"),
    [
        ("", None),
        ("public", None),
        ("public, max-age=300, immutable", 300),
        ("Max-Age=5", 5),
        ("max-age=1, max-age=9", 1),
        ("no-store", 0),
        ("max-age=300, no-cache", 0),
        ("max-age=-1", None),
        ("max-age=abc", None),
        ("s-maxage=10", None),
    ],
)
def test_how_long_a_document_is_fresh(header: str, age: float | None) -> None:
    assert _max_age(header) == age


async def test_a_question_on_a_connection_that_had_been_closed_is_asked_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    failures = [_ConnectionLost("unreachable")]

    async def post(url: str, headers: dict[str, str]) -> bytes:
        asked.append(url)
        for failure in failures:
            failures.remove(failure)
            raise failure
        return b"{}"

    fetch = HttpFetch()
    monkeypatch.setattr(fetch, "_post", post)
    assert await fetch.ask("http://127.0.0.1:1/check", pass_text="x") == b"{}"
    assert len(asked) == 2
    failures.append(_ConnectionLost("unreachable"))
    failures.append(_ConnectionLost("unreachable"))
    with pytest.raises(FetchFailed):
        await fetch.ask("http://127.0.0.1:1/check", pass_text="x")
    assert len(asked) == 4
    await fetch.close()


async def test_who_asks_while_the_service_ends_is_told_in_the_words_of_an_outage() -> None:
    fetch = HttpFetch()
    await fetch.close()
    for asked in (fetch.get("http://127.0.0.1:1/keys"), fetch.ask("http://127.0.0.1:1/check", pass_text="x")):
        with pytest.raises(FetchFailed) as failure:
            await asked
        assert failure.value.code == "closed"


def test_without_the_client_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> ModuleSpec | None:
        return None

    require_http_client()
    monkeypatch.setattr(importlib.util, "find_spec", nowhere)
    with pytest.raises(ImportError, match=r"gatepass\[verifier\]"):
        require_http_client()
