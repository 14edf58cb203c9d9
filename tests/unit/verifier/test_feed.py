"""Following the feed: full answer, stream, polls; what breaks, and how long until the next try."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.verifier.feed_world import (
    FEED,
    SILENCE,
    STREAM,
    FeedNetwork,
    FeedWorld,
    entry,
    page,
    sid,
    signed,
)
from tests.unit.verifier.world import ISSUER, NOW, Clock

from gatepass.jose import Key
from gatepass.oauth import Cursor, Selects, metadata_url
from gatepass.verifier import Document, FetchFailed
from gatepass.verifier.feed import PAGES, POLL_PAUSE, FeedState, FeedTerms

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gatepass.oauth import Page, Selector

OTHER = Key.generate("ES256")


@pytest.fixture
def world(clock: Clock) -> FeedWorld:
    return FeedWorld(clock)


async def test_the_full_answer_is_read_to_its_end_then_the_stream_is_followed(world: FeedWorld) -> None:
    await world.turn(
        signed(page(sid("one"), more=True)),
        signed(page(sid("two"), after=1)),
        stream=[signed(page(after=2, seq=2)), signed(page(sid("three"), after=2))],
    )
    assert world.net.asked[1:] == [FEED, f"{FEED}?after=log.1", f"{STREAM}?after=log.2"]
    assert all(world.ended(session) for session in ("one", "two", "three"))
    assert not world.ended("four")
    assert world.rung == 2  # once for the full answer, once for what came after it; heartbeats change nothing
    assert world.age == 0


async def test_without_keys_it_waits_to_be_woken(world: FeedWorld) -> None:
    world.keys.view = None
    assert await world.turn() == FeedTerms().longest_retry
    assert world.work.state is FeedState.WAITING_FOR_KEYS
    assert world.net.asked == []


async def test_a_stream_that_breaks_is_taken_up_where_it_was(world: FeedWorld) -> None:
    wait = await world.turn(signed(page()), stream=[signed(page(sid("one"), after=0))])
    assert world.work.state is FeedState.RETRYING
    assert wait == FeedTerms().first_retry
    await world.turn(signed(page(sid("two"), after=1)), stream=[signed(page(after=2, seq=2))])
    assert world.net.asked[-2:] == [f"{FEED}?after=log.1", f"{STREAM}?after=log.2"]
    assert world.ended("one")
    assert world.ended("two")


async def test_a_full_answer_that_breaks_in_the_middle_goes_on_there(world: FeedWorld) -> None:
    await world.turn(signed(page(sid("one"), more=True)), FetchFailed("timed_out"))
    assert not world.ended("one")  # not yet whole
    assert world.age == float("inf")
    await world.turn(signed(page(sid("two"), after=1)))
    assert world.ended("one")
    assert world.ended("two")
    assert world.age == 0


async def test_the_wait_doubles_with_each_failure_up_to_a_limit(world: FeedWorld) -> None:
    waits = [await world.turn() for _ in range(8)]
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 10, 10]
    assert await world.turn(signed(page()), stream=[signed(page(after=0, seq=0))]) == 0.25


async def test_where_a_stream_says_nothing_polls_take_its_place_for_a_while(clock: Clock) -> None:
    world = FeedWorld(clock, terms=FeedTerms(silence=0.02))
    await world.turn(signed(page()), stream=[SILENCE])
    await world.turn(signed(page(after=0, seq=0)), signed(page(sid("one"), after=0)))
    assert world.work.state is FeedState.POLLING
    assert world.net.asked[-1] == f"{FEED}?after=log.0&wait=20"
    assert world.ended("one")
    world.pass_by(FeedTerms().polling)
    await world.turn(signed(page(after=1, seq=1)), stream=[signed(page(after=1, seq=1))])
    assert world.net.asked[-1] == f"{STREAM}?after=log.1"


async def test_a_stream_that_falls_silent_after_a_word_is_opened_again(clock: Clock) -> None:
    world = FeedWorld(clock, terms=FeedTerms(silence=0.02))
    wait = await world.turn(signed(page()), stream=[signed(page(after=0, seq=0)), SILENCE])
    assert (world.work.state, wait) == (FeedState.RETRYING, 0.25)
    await world.turn(signed(page(after=0, seq=0)), stream=[])
    assert world.net.asked[-1].startswith(STREAM)


@pytest.mark.parametrize(
    ("answer", "held_back", "wait"),
    [
        (page(after=0, seq=0), 0, POLL_PAUSE),
        (page(after=0, seq=0), 20, 0),
        (page(sid("one"), after=0), 0, 0),
    ],
    ids=["empty, at once", "empty, in its time", "news"],
)
async def test_a_poll_that_is_answered_at_once_makes_no_loop(
    world: FeedWorld, monkeypatch: pytest.MonkeyPatch, answer: object, held_back: float, wait: float
) -> None:
    world.says(stream=False)
    get = world.net.get

    async def held(url: str, *, patience: float = 0) -> object:
        if patience:
            world.monotonic.pass_by(held_back)
        return await get(url, patience=patience)

    monkeypatch.setattr(world.net, "get", held)
    assert await world.turn(signed(page()), signed(answer)) == wait  # type: ignore[arg-type]


async def test_a_gap_in_the_stream_makes_it_read_all_again(world: FeedWorld) -> None:
    await world.turn(signed(page(sid("one"))), stream=[signed(page(sid("three"), after=2))])
    assert world.ended("one")  # what is known counts meanwhile
    assert not world.ended("three")
    await world.turn(signed(page(sid("one"), sid("two"), sid("three"))))
    assert world.net.asked[-2:] == [FEED, f"{STREAM}?after=log.3"]
    assert world.ended("three")


async def test_another_log_is_read_from_its_beginning(world: FeedWorld) -> None:
    await world.turn(signed(page(sid("one"))))
    world.pass_by(1)
    restored = page(sid("two"), log="restored", true_at=NOW + 1)
    await world.turn(signed(restored))
    assert world.revocations.cursor == Cursor("restored", 1)
    assert not world.ended("one")
    assert world.ended("two")


async def test_pages_without_end_are_given_up(world: FeedWorld) -> None:
    pages = [signed(page(more=True))]
    pages += [signed(page(after=0, seq=0, more=True))] * PAGES
    await world.turn(*pages)
    assert world.work.state is FeedState.RETRYING
    assert world.revocations.reached is None
    assert len(world.net.asked) == PAGES + 1


async def test_an_issuer_without_a_feed_is_told_in_words(
    world: FeedWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.says(feed=False)
    await world.turn()
    assert "no_revocations_endpoint" in caplog.text
    assert "feed=None" in caplog.text
    await world.turn()
    assert world.net.count(metadata_url(ISSUER)) == 2  # it may have one tomorrow


async def test_an_address_that_is_gone_is_looked_up_again_but_not_for_each_outage(world: FeedWorld) -> None:
    await world.turn(FetchFailed("status_503"))
    await world.turn(FetchFailed("status_404"))
    assert world.net.count(metadata_url(ISSUER)) == 1
    await world.turn()
    assert world.net.count(metadata_url(ISSUER)) == 2


async def test_a_page_of_a_key_that_nobody_knows_yet_makes_the_keys_be_fetched(
    world: FeedWorld, caplog: pytest.LogCaptureFixture
) -> None:
    await world.turn(signed(page(sid("one")), OTHER))
    assert world.strangers == 1
    assert "algorithms=" in caplog.text
    assert not world.ended("one")
    world.publishes(OTHER)
    await world.turn(signed(page(sid("one")), OTHER))
    assert world.ended("one")


async def test_keys_that_are_gone_in_the_middle_of_a_stream_end_it(
    world: FeedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = world.work._catch_up

    async def then_lose_the_keys(*given: object) -> None:
        await catch_up(*given)  # type: ignore[arg-type]
        world.keys.view = None

    monkeypatch.setattr(world.work, "_catch_up", then_lose_the_keys)
    await world.turn(signed(page()), stream=[signed(page(sid("one"), after=0))])
    assert not world.ended("one")


async def test_an_error_that_nobody_thought_of_ends_nothing(
    world: FeedWorld, caplog: pytest.LogCaptureFixture
) -> None:
    await world.turn(signed(page(sid("one"))))
    await world.turn(RuntimeError("nobody thought of this"))
    assert "does not know" in caplog.text
    assert world.ended("one")
    await world.turn(signed(page(sid("one"))))
    assert world.net.asked[-2] == FEED  # from the beginning


async def test_a_child_that_was_forked_in_the_middle_of_a_page_reads_all_again(world: FeedWorld) -> None:
    await world.turn(signed(page(sid("one"))))
    world.revocations.is_torn = True
    await world.turn(signed(page(sid("one"), sid("two"))))
    assert world.net.asked[-2] == FEED
    assert world.ended("two")


async def test_entries_leave_the_memory_after_their_end(world: FeedWorld) -> None:
    end = int(NOW) + 120
    await world.turn(signed(page(sid("one", end=end), sid("two", end=end + 600))))
    world.pass_by(121)
    await world.turn()
    assert len(world.revocations) == 1


async def test_a_clock_set_back_behind_what_was_forgotten_makes_it_read_all_again(
    world: FeedWorld, caplog: pytest.LogCaptureFixture
) -> None:
    await world.turn(signed(page(sid("one"))))
    world.clock.pass_by(86_000)  # wrong by a day: the entry is dropped
    await world.turn()
    assert len(world.revocations) == 0
    world.clock.pass_by(-86_000)
    await world.turn()  # Auth cannot be heard just now
    assert "set back" in caplog.text
    assert world.age == float("inf")  # nobody may believe that nothing is revoked
    await world.turn(signed(page(sid("one"))))
    assert world.net.asked[-2] == FEED
    assert world.ended("one")
    assert world.age == 0


async def test_a_clock_set_back_during_an_outage_makes_no_view_younger(world: FeedWorld) -> None:
    await world.turn(signed(page()))
    world.monotonic.pass_by(10)
    world.clock.pass_by(-3_590)
    await world.turn()
    assert world.age == 10


class Choppy(FeedNetwork):
    """An honest feed behind a line that breaks, loses pages, and cuts them anywhere; until it is mended."""

    def __init__(
        self, answers: dict[str, bytes | Exception], entries: list[Selector], data: st.DataObject
    ) -> None:
        super().__init__(answers)
        self.entries, self.data, self.mended = entries, data, False

    async def get(self, url: str, *, patience: float = 0) -> Document:
        if not url.startswith(FEED):
            return await super().get(url)
        if self.draw(["page", "page", "break"]) == "break":
            raise FetchFailed("timed_out")
        return Document(signed(self.page(after(url))).encode())

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        place = after(url)
        while (event := self.draw(["page", "page", "break", "gap"])) == "page":
            found = self.page(place)
            place = found.seq
            yield signed(found)
            if self.mended:
                break
        if event == "gap":
            yield signed(page(after=(place or 0) + 1, seq=len(self.entries) + 2))
        raise FetchFailed("stream_ended")

    def page(self, place: int | None) -> Page:
        start = place or 0
        end = len(self.entries) if self.mended else self.data.draw(st.integers(start, len(self.entries)))
        more = start < end < len(self.entries) and self.data.draw(st.booleans())
        return page(*self.entries[start:end], after=place, seq=end, more=more)

    def draw(self, kinds: list[str]) -> str:
        return kinds[0] if self.mended else self.data.draw(st.sampled_from(kinds))


def after(url: str) -> int | None:
    found = re.search(r"after=log\.(\d+)", url)
    return None if found is None else int(found[1])


@given(data=st.data())
def test_however_the_feed_is_cut_into_pages_streams_and_reconnects_the_view_is_the_same(
    data: st.DataObject,
) -> None:
    texts = data.draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12))
    world = FeedWorld(Clock())
    net = Choppy(world.net.answers, [entry(Selects.SID, text) for text in texts], data)

    async def follow() -> None:
        for _ in range(data.draw(st.integers(0, 6), label="turns")):
            await world.work.turn(net)
            reached = world.revocations.cursor
            if reached is not None:  # what was read to its end is known, however it came
                assert all(world.ended(text) for text in texts[: reached.seq])
            world.pass_by(data.draw(st.sampled_from([1, 90])))
        net.mended = True
        await world.work.turn(net)

    asyncio.run(follow())
    assert {text for text in "abcdefgh" if world.ended(text)} == set(texts)
    assert world.revocations.cursor == Cursor("log", len(texts))


@pytest.mark.parametrize(
    "wrong",
    [{"silence": 0}, {"poll": 31}, {"polling": -1}, {"first_retry": 2, "longest_retry": 1}],
    ids=str,
)
def test_terms_that_make_no_sense_cannot_be_given(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        FeedTerms(**wrong)


async def test_the_log_names_no_session(world: FeedWorld, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="gatepass.verifier"):
        await world.turn(signed(page(sid("a-session"))), stream=["not a page"])
    assert "page_" in caplog.text
    assert "a-session" not in caplog.text
    assert "not a page" not in caplog.text
