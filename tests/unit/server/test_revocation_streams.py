"""The revocation feed as a stream: where it begins, what it says in silence, and how it ends."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.reading import Reader
from tests.unit.server.feed_pages import WITHIN, kick, marks, page, read, until

from gatepass.auth import StorageUnavailable
from gatepass.oauth import Cursor, Page, mark_of
from gatepass.server import feed as hub
from gatepass.server.routes import revocations as routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.server_world import World


@pytest.fixture(autouse=True)
def rare_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a machine is slow, none comes between what a test waits for."""
    monkeypatch.setattr(hub, "HEARTBEAT", WITHIN)


class Client:
    """What a server sees of a client of a stream, and what the client sees of the server."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.events: asyncio.Queue[str | None] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.reads.wait()  # as uvicorn does while what was written is not read
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.events.put_nowait(message.get("body", b"").decode() or None)

    async def event(self) -> tuple[str, str]:
        """Give id and data of the next event."""
        async with asyncio.timeout(WITHIN):
            text = await self.events.get()
        assert text is not None
        first, second, *rest = text.split("\n")
        assert rest == ["", ""]
        return first.removeprefix("id: "), second.removeprefix("data: ")

    async def page(self, world: World) -> Page:
        place, text = await self.event()
        found = read(world, text)
        assert str(found.cursor) == place
        return found


@asynccontextmanager
async def streaming(
    world: World,
    query: str = "",
    *,
    path: str = routes.STREAM_PATH,
    method: str = "GET",
    last: str | None = None,
) -> AsyncIterator[Client]:
    client = Client()
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [] if last is None else [(b"last-event-id", last.encode())],
        "client": ("127.0.0.1", 1),
    }
    serving = asyncio.create_task(world.app(scope, client.receive, client.send))
    try:
        yield client
    finally:
        client.gone.set()
        client.reads.set()
        async with asyncio.timeout(WITHIN):
            await serving


async def test_a_stream_begins_with_the_feed_and_goes_on_with_what_comes(world: World) -> None:
    await kick(world, "a")
    async with streaming(world) as client:
        first = await client.page(world)
        assert (first.after, first.seq, marks(first)) == (None, 1, [mark_of("a")])
        for place, name in ((2, "b"), (3, "c")):
            await kick(world, name)
            found = await client.page(world)
            assert (found.after, found.seq, marks(found)) == (place - 1, place, [mark_of(name)])
        assert client.status == 200
        assert client.headers["content-type"] == "text/event-stream"
        assert client.headers["cache-control"] == "no-store"
        assert client.headers["x-accel-buffering"] == "no"
    assert world.app.state.feed.followers == 0  # a client that left is noticed


@pytest.mark.usefixtures("small_pages")
async def test_a_stream_catches_up_page_by_page(world: World) -> None:
    await kick(world, *(f"s{i}" for i in range(8)))
    reader = Reader()
    async with streaming(world) as client:
        for _ in range(3):
            reader.take(await client.page(world))
        await kick(world, "late")
        reader.take(await client.page(world))
    assert reader.seq == 9
    assert len(reader.selectors) == 9


async def test_a_stream_goes_on_where_the_last_one_was_cut_off(world: World) -> None:
    await kick(world, "a", "b")
    full = await page(world)
    cut = Cursor(full.log, 1)
    async with streaming(world, f"after={cut}") as client:
        assert marks(await client.page(world)) == [mark_of("b")]
    async with streaming(world, f"after={cut}", last=str(full.cursor)) as client:
        found = await client.page(world)
        assert (found.after, found.seq, found.selectors) == (2, 2, ())
    async with streaming(world, last="nonsense") as client:
        assert (await client.page(world)).after is None


async def test_heartbeats_are_signed_pages_that_say_until_when_nothing_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "HEARTBEAT", 0.001)
    async with streaming(world) as client:
        first = await client.page(world)
        world.now += 100
        beat = await client.page(world)
        while beat.true_at == first.true_at:
            beat = await client.page(world)
        assert (beat.after, beat.seq, beat.selectors) == (0, 0, ())
        assert beat.true_at == int(world.now * 1000)


async def test_one_look_and_one_signature_are_enough_for_all_who_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look = world.auth.store.revocations_after

    async def counted(seq: int, limit: int) -> Any:
        nonlocal looks
        looks += 1
        return await look(seq, limit)

    clients = [streaming(world) for _ in range(20)]
    opened = [await one.__aenter__() for one in clients]
    for client in opened:
        await client.page(world)
    monkeypatch.setattr(world.auth.store, "revocations_after", counted)
    await kick(world, "a")
    texts = {(await client.event())[1] for client in opened}
    assert len(texts) == 1
    assert looks == 1
    for one in clients:
        await one.__aexit__(None, None, None)


async def test_all_who_come_at_once_share_one_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    look = world.auth.store.revocations_after

    async def slow(seq: int, limit: int) -> Any:
        looks.append(seq)
        await asyncio.sleep(0)
        return await look(seq, limit)

    await kick(world, "a")
    monkeypatch.setattr(world.auth.store, "revocations_after", slow)
    feed = world.app.state.feed
    found = await asyncio.gather(*(feed.page(None) for _ in range(20)))
    assert len({page.text for page in found}) == 1
    assert looks == [0]
    first, *others = [asyncio.create_task(feed.page(Cursor("another", i // 9))) for i in range(9)]
    await asyncio.sleep(0)
    first.cancel()  # who hangs up takes nothing from the others
    assert {page.is_whole for page in await asyncio.gather(*others)} == {True}


async def test_who_does_not_read_is_behind_and_nothing_is_queued(world: World) -> None:
    async with streaming(world) as slow, streaming(world) as quick:
        await slow.page(world)
        await quick.page(world)
        slow.reads.clear()
        for i in range(10):
            await kick(world, f"s{i}")
            assert marks(await quick.page(world)) == [mark_of(f"s{i}")]
        assert slow.events.empty()
        slow.reads.set()
        reader = Reader(log=(await page(world)).log)
        while reader.seq < 10:
            reader.take(await slow.page(world))
        assert len(reader.selectors) == 10
        assert slow.events.empty()


async def test_beyond_the_cap_a_stream_is_refused_until_somebody_leaves(world: World) -> None:
    world.app.state.feed._most = 1
    async with streaming(world) as first:
        await first.page(world)
        async with streaming(world) as second:
            await second.events.get()
            assert (second.status, second.headers["retry-after"]) == (503, str(WITHIN))
    async with streaming(world) as third:
        await third.page(world)
        assert third.status == 200


async def test_when_the_process_ends_streams_and_polls_end(world: World) -> None:
    cursor = (await page(world)).cursor
    feed = world.app.state.feed
    async with streaming(world) as client:
        await client.page(world)
        poll = asyncio.create_task(page(world, f"?after={cursor}&wait=30"))
        await until(lambda: feed.followers == 2)
        feed.close()
        async with asyncio.timeout(WITHIN):
            assert await client.events.get() is None
            assert (await poll).seq == 0
        async with streaming(world) as late:
            await late.events.get()
            assert late.status == 503


async def test_a_store_that_does_not_answer_ends_no_stream(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hub, "_TRY_AGAIN", 0)
    store = world.auth.store
    failing = 2
    grew = store.revocations_grew

    async def broken(head: int, within: float) -> bool:
        nonlocal failing
        if within and failing:
            failing -= 1
            raise StorageUnavailable("SQLite: locked") if failing else RuntimeError("odd")
        return await grew(head, within)

    async with streaming(world) as client:
        monkeypatch.setattr(store, "revocations_grew", broken)
        await client.page(world)
        await until(lambda: not failing)
        await kick(world, "a")
        assert marks(await client.page(world)) == [mark_of("a")]
    assert "storage_unavailable" in caplog.text


async def test_a_stream_that_cannot_begin_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.auth.keyring, "_ring", None)
    async with streaming(world) as client:
        await client.events.get()
        assert client.status == 503
    assert world.app.state.feed.followers == 0


async def test_a_stream_that_nobody_reads_the_body_of_ends_at_once(world: World) -> None:
    async with streaming(world, method="HEAD") as client:
        assert await client.events.get() is None
        assert client.status == 200
    assert world.app.state.feed.followers == 0


@pytest.mark.parametrize("fails_at", ["http.response.start", "http.response.body"])
async def test_a_client_that_is_gone_before_its_stream_begins_keeps_no_place(
    world: World, fails_at: str
) -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Any) -> None:
        if message["type"] == fails_at:
            raise ConnectionResetError

    scope = {
        "type": "http",
        "method": "GET",
        "path": routes.STREAM_PATH,
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 5),
    }
    with pytest.raises(ConnectionResetError):
        await world.app(scope, receive, send)
    assert world.app.state.feed.followers == 0
