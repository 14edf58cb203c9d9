"""The revocation feed over HTTP: pages, cursors, waiting, streams, and what may keep them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.reading import Reader

from gatepass.auth import Purged, Revocation, Revoked, StorageUnavailable, revocations, usecases
from gatepass.jose import JoseError, jwt
from gatepass.oauth import Cursor, Page, Selects, mark_of, revocations_policy, says_stale
from gatepass.server import feed as hub
from gatepass.server.routes import revocations as routes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx
    from tests.server_world import World

POLICY = revocations_policy(issuer="http://127.0.0.1:8000", algorithms=frozenset({"ES256"}))


def read(world: World, text: str) -> Page:
    """Verify a page as a Service does."""
    keys = world.auth.keyring.ring.published
    return Page.from_claims(jwt.verify(text, keys, POLICY, now=world.now).claims)


async def kick(world: World, *names: str) -> None:
    await world.auth.store.commit(
        *(Revoked(revocations.session_ended(name, "user", now=world.now)) for name in names)
    )


async def get(world: World, query: str = "", **headers: str) -> httpx.Response:
    async with world.client(**headers) as client:
        answer = await client.get(routes.PATH + query)
    assert answer.status_code in {200, 304}, answer.text
    return answer


async def page(world: World, query: str = "") -> Page:
    return read(world, (await get(world, query)).text)


def marks(found: Page) -> list[int]:
    return [selector.mark for selector in found.selectors]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "PAGE_ENTRIES", 3)


# Pages


async def test_an_empty_feed_is_a_signed_page(world: World) -> None:
    answer = await get(world)
    assert answer.headers["content-type"] == "application/jwt"
    found = read(world, answer.text)
    assert (found.after, found.seq, found.more, found.selectors) == (None, 0, False, ())
    assert found.true_at == int(world.now * 1000)


async def test_the_full_answer_and_then_the_difference(world: World) -> None:
    await kick(world, "a", "b")
    full = await page(world)
    assert (full.after, full.seq, marks(full)) == (None, 2, [mark_of("a"), mark_of("b")])
    await kick(world, "c")
    rest = await page(world, f"?after={full.cursor}")
    assert (rest.after, rest.seq, marks(rest)) == (2, 3, [mark_of("c")])
    nothing = await page(world, f"?after={rest.cursor}")
    assert (nothing.after, nothing.seq, nothing.selectors) == (3, 3, ())


async def test_no_text_is_ever_in_clear(world: World) -> None:
    async with world.client() as client:
        session_id = await world.session(client)
        mine = {"authorization": f"Bearer {session_id}"}
        sid = (await client.get("/api/sessions", headers=mine)).json()["sessions"][0]["sid"]
        found = await world.auth.store.session_by_sid(sid)
        assert found is not None
        user_id = found[1].id
        await client.post("/api/logout", headers=mine)
    await world.auth.store.commit(Revoked(Revocation(Selects.JTI, "a-jti", 0, int(world.now) + 60)))
    text = (await get(world)).text
    assert len(read(world, text).selectors) == 2
    told = str(jwt.peek(text).claims)
    for secret in (sid, user_id, "a-jti", session_id):
        assert secret not in told


@pytest.mark.usefixtures("small_pages")
async def test_many_entries_come_in_a_chain_of_pages(world: World) -> None:
    names = [f"s{i}" for i in range(8)]
    await kick(world, *names)
    reader, found = Reader(), await page(world)
    chain = [found]
    reader.take(found)
    while found.more:
        found = await page(world, f"?after={found.cursor}")
        reader.take(found)
        chain.append(found)
    assert [len(one.selectors) for one in chain] == [3, 3, 2]
    assert [one.mark for one in reader.selectors] == [mark_of(name) for name in names]
    assert reader.seq == 8


ODD = {
    "no cursor": "nonsense",
    "another feed's": "0123456789abcdef.1",
    "beyond the head": "{log}.99",
    "below the floor": "{log}.0",
    "negative": "{log}.-1",
    "digits of another script": "{log}.%D9%A1",
    "too long": "{log}." + "9" * 40,
    "empty": "",
}


@pytest.mark.parametrize("cursor", ODD.values(), ids=ODD.keys())
async def test_a_cursor_that_cannot_be_used_gets_the_full_answer(world: World, cursor: str) -> None:
    await kick(world, "a")
    over = revocations.forget_after(world.now)
    await world.auth.store.commit(Purged(over, 0, 0, 0, 10))
    await kick(world, "b")
    log = (await page(world)).log
    found = await page(world, "?after=" + cursor.format(log=log))
    assert (found.after, found.seq, marks(found)) == (None, 2, [mark_of("b")])
    twin = await page(world, f"?after={log}.1")  # at the floor: nothing was missed
    assert (twin.after, marks(twin)) == (1, [mark_of("b")])


async def test_the_time_is_read_before_the_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    store = world.auth.store
    look, before = store.revocations_after, world.now

    async def slow(seq: int, limit: int) -> Any:
        world.now += 10  # what is committed meanwhile may be missing from what was found
        return await look(seq, limit)

    monkeypatch.setattr(store, "revocations_after", slow)
    assert (await page(world)).true_at == int(before * 1000)


@pytest.mark.parametrize("query", ["?wait=31", "?wait=-1", "?wait=x", "?after=a&after=b"])
async def test_a_query_that_is_none_is_refused(world: World, query: str) -> None:
    async with world.client() as client:
        assert (await client.get(routes.PATH + query)).status_code == 400


# Signatures


async def test_a_page_that_was_altered_is_refused(world: World) -> None:
    await kick(world, "a")
    text = (await get(world)).text
    read(world, text)  # the twin
    head, body, signature = text.split(".")
    for forged in (
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body[:-2]}AA.{signature}",
        f"{head}.{body}.",
        text + "A",
    ):
        with pytest.raises(JoseError):
            read(world, forged)


async def test_an_access_token_is_no_page_and_a_page_no_access_token(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client))["access_token"]
        text = (await get(world)).text
        with pytest.raises(JoseError):
            read(world, token)
        answer = await client.post("/api/token/check", headers={"authorization": f"Bearer {text}"})
        assert answer.json() == {"active": False}


async def test_a_page_is_signed_with_the_key_that_signs_now(world: World) -> None:
    first = jwt.peek_header((await get(world)).text)["kid"]
    await usecases.rotate_keys(world.auth, now=world.now)
    world.now += world.auth.terms.key_publish_ahead + 1
    await usecases.keep_keys(world.auth, now=world.now)
    text = (await get(world)).text
    assert jwt.peek_header(text)["kid"] != first
    read(world, text)


# Caches


@pytest.mark.usefixtures("small_pages")
async def test_no_page_is_kept_that_a_revoked_key_signed(world: World) -> None:
    await kick(world, "a", "b", "c", "d")
    before = await page(world)
    assert before.more  # such a page is kept for a while, whatever comes behind it
    old = world.auth.keyring.ring.signing_key(world.now).kid
    await usecases.revoke_key(world.auth, kid=old or "", now=world.now)
    after = await page(world)  # verified with the keys that are published now
    assert (marks(after), after.more) == (marks(before), True)


@pytest.mark.usefixtures("small_pages")
async def test_what_is_settled_may_be_kept_and_the_newest_for_a_second(world: World) -> None:
    await kick(world, *(f"s{i}" for i in range(8)))
    first = await get(world)
    cursor = read(world, first.text).cursor
    settled = await get(world, f"?after={cursor}")
    newest = await get(world, f"?after={read(world, settled.text).cursor}")
    assert [answer.headers["cache-control"] for answer in (first, settled, newest)] == [
        "public, max-age=1",
        "public, max-age=300, immutable",
        "public, max-age=1",
    ]


async def test_who_has_the_page_already_is_told_so(world: World) -> None:
    await kick(world, "a")
    answer = await get(world)
    again = await get(world, **{"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await kick(world, "b")
    assert (await get(world, **{"if-none-match": answer.headers["etag"]})).status_code == 200


async def test_polls_within_a_second_get_one_page_until_the_feed_grows(world: World) -> None:
    first = (await get(world)).text
    world.now += 0.9
    assert (await get(world)).text == first
    world.now += 0.1
    later = (await get(world)).text
    assert read(world, later).true_at == int(world.now * 1000)
    await kick(world, "a")
    assert marks(await page(world)) == [mark_of("a")]
    world.now -= 100  # a clock that was set back
    assert (await page(world)).true_at == int(world.now * 1000)


async def test_the_feed_costs_no_look_up_and_counts_as_no_request(world: World) -> None:
    async with world.client() as client:
        before = (await client.get("/api/counters")).json()
        await kick(world, "a")
        await get(world)
        assert (await client.get("/api/counters")).json() == before


# Waiting


async def until(hold: Any) -> None:
    async with asyncio.timeout(10):
        while not hold():  # noqa: ASYNC110 (it happens within turns of this loop)
            await asyncio.sleep(0)


async def test_a_poll_waits_until_the_feed_grows(world: World) -> None:
    cursor = (await page(world)).cursor
    feed = world.app.state.feed
    polls = [asyncio.create_task(page(world, f"?after={cursor}&wait=30")) for _ in range(3)]
    await until(lambda: feed.followers == 3)
    await kick(world, "a")
    for found in await asyncio.gather(*polls):
        assert (found.after, found.seq, marks(found)) == (0, 1, [mark_of("a")])
    assert feed.followers == 0


async def test_a_poll_does_not_wait_for_what_is_there(world: World) -> None:
    cursor = (await page(world)).cursor
    await kick(world, "a")
    assert (await page(world, f"?after={cursor}&wait=30")).seq == 1
    assert (await page(world, "?wait=30")).seq == 1  # the full answer is always something


async def test_a_poll_that_waited_in_vain_says_until_when_it_was_true(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cursor = (await page(world)).cursor
    monkeypatch.setattr(asyncio, "timeout", lambda _: _Over())
    world.now += 7
    found = await page(world, f"?after={cursor}&wait=30")
    assert (found.after, found.seq, found.true_at) == (0, 0, int(world.now * 1000))


class _Over:
    """A time that is over at once."""

    async def __aenter__(self) -> None:
        raise TimeoutError

    async def __aexit__(self, *_: object) -> None:
        raise AssertionError("never entered")


async def test_a_poll_whose_client_left_is_over(world: World) -> None:
    cursor = (await page(world)).cursor
    feed = world.app.state.feed
    async with streaming(world, f"after={cursor}&wait=30", path=routes.PATH):
        await until(lambda: feed.followers == 1)
    assert feed.followers == 0


async def test_a_poll_beyond_the_cap_is_answered_at_once(world: World) -> None:
    cursor = (await page(world)).cursor
    world.app.state.feed._most = 0
    assert (await page(world, f"?after={cursor}&wait=30")).seq == 0


# Streams


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
        async with asyncio.timeout(10):
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
        async with asyncio.timeout(10):
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
            assert (second.status, second.headers["retry-after"]) == (503, "5")
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
        async with asyncio.timeout(10):
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


# Asking about one access token


async def ask(world: World, token: str) -> bytes:
    async with world.client(authorization=f"Bearer {token}") as client:
        return (await client.post("/api/token/check")).content


async def test_a_token_that_holds_is_told_with_what_it_says(world: World) -> None:
    async with world.client() as client:
        token = (await world.tokens(client))["access_token"]
    claims = jwt.peek(token).claims
    async with world.client(authorization=f"Bearer {token}") as client:
        told = (await client.post("/api/token/check")).json()
    assert told.pop("active") is True
    assert told == {name: value for name, value in claims.items() if name not in {"jti", "nbf"}}


async def test_a_stale_token_is_told_apart_from_one_that_is_revoked(world: World) -> None:
    store = world.auth.store
    await usecases.define_role(world.auth, name="doctor", permissions={"a:read"}, now=world.now)
    await usecases.add_user(
        world.auth,
        email="doc@example.org",
        password="correct horse battery",
        first_name="D",
        last_name="O",
        roles={"doctor"},
        actor="cli",
        now=world.now,
    )
    async with world.client() as client:
        body = {"email": "doc@example.org", "password": "correct horse battery", "mode": "token"}
        tokens = (await client.post("/api/login", json=body)).json()
        await usecases.define_role(world.auth, name="doctor", permissions={"b:read"}, now=world.now)
        stale = await ask(world, tokens["access_token"])
        assert stale == b'{"active":false,"stale":true}'
        assert says_stale(stale)
        refresh = {"refresh_token": tokens["refresh_token"]}
        renewed = (await client.post("/api/refresh", json=refresh)).json()
    assert b'"active":true' in await ask(world, renewed["access_token"])
    found = await store.session_by_sid(tokens["sid"])
    assert found is not None
    await usecases.log_out(world.auth, session=found[0], actor=found[1], now=world.now)
    for token in (tokens["access_token"], renewed["access_token"]):
        ended = await ask(world, token)
        assert ended == b'{"active":false}'
        assert not says_stale(ended)


@pytest.mark.parametrize(
    "answer", [b"", b"{}", b"[]", b'{"active":true,"stale":true}', b'{"stale":true}', b"\xff"]
)
def test_nothing_else_says_stale(answer: bytes) -> None:
    assert not says_stale(answer)
