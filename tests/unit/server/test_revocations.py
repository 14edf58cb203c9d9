"""The revocation feed over HTTP: pages, cursors, waiting, and what may keep them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.reading import Reader
from tests.unit.server.feed_pages import get, kick, marks, page, read, until
from tests.unit.server.test_revocation_streams import streaming

from gatepass.auth import Purged, Revocation, Revoked, revocations, usecases
from gatepass.jose import JoseError, jwt
from gatepass.oauth import Selects, mark_of
from gatepass.server.routes import revocations as routes

if TYPE_CHECKING:
    from tests.server_world import World


# Pages


async def test_an_empty_feed_is_a_signed_page(world: World) -> None:
    answer = await get(world)
    assert answer.headers["content-type"] == "application/revocations+jwt"
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
