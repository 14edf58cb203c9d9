"""Attacks on the revocation feed: pages forged, kept back or played again; each has its accepted twin."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from tests.attacks.test_jwks_attacks import Auth, auth, drip, follower, redirect, says
from tests.unit.verifier.feed_world import FEED, LEEWAY, FeedWorld, entry, page, principal, sid, signed
from tests.unit.verifier.world import (
    AUDIENCE,
    ISSUER,
    JWKS_URI,
    KEY,
    NOW,
    Clock,
    claims,
    network,
    token,
    until,
)

from gatepass.jose import Key, jwt
from gatepass.oauth import METADATA_PATH, PAGE_ENTRIES, REVOCATIONS_TYP, Selects, ServerMetadata, metadata_url
from gatepass.verifier import Document, FetchFailed, Follower, Unauthenticated, Unavailable, Verifier, feed
from gatepass.verifier.feed import FeedState, FeedTerms
from gatepass.verifier.fetch import MAX_DOCUMENT, HttpFetch

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from tests.unit.verifier.world import Network

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

__all__ = ["auth", "follower"]  # fixtures

OTHER, WEAK, SECRET = Key.generate("ES256"), Key.generate("RS256"), Key.generate("HS256")
ANOTHER_ISSUER = "https://other.example"

HONEST = page(sid("kicked"), after=1)


def tampered(text: str) -> str:
    head, body, signature = text.split(".")
    return f"{head}.{body[:-1]}{'A' if body[-1] != 'A' else 'B'}.{signature}"


FORGED: dict[str, str] = {
    "signed by a stranger": signed(HONEST, OTHER),
    "signed by a stranger under our kid": signed(HONEST, Key.generate("ES256", kid=KEY.kid)),
    "signed with an algorithm that is not allowed": signed(HONEST, WEAK),
    "signed with a secret": signed(HONEST, SECRET),
    "not signed": signed(HONEST).rpartition(".")[0] + ".",
    "altered": tampered(signed(HONEST)),
    "of another issuer": signed(HONEST, issuer=ANOTHER_ISSUER),
    "for another audience": signed(HONEST, aud=AUDIENCE),
    "an access token as page": token(),
    "an access token that says what a page says": jwt.sign(
        {**claims(), **HONEST.to_claims(issuer=ISSUER)}, KEY, typ="at+jwt"
    ),
    "without typ": signed(HONEST, typ="JWT"),
    "from the future": signed(page(sid("kicked"), after=1, true_at=NOW + 41)),
    "of yesterday": signed(page(sid("kicked"), after=1, true_at=NOW - 86_401)),
    "from another log": signed(page(sid("kicked"), after=1, log="foreign")),
    "with a gap before it": signed(page(sid("kicked"), after=2)),
    "for an earlier place": signed(page(sid("kicked"), after=0)),
    "that ends before it begins": signed(page(after=1, seq=0)),
    "with half a mark": signed(HONEST, groups=[["sid", 0, int(NOW) + 60, "AAAA"]]),
    "with marks in another alphabet": signed(HONEST, groups=[["sid", 0, int(NOW) + 60, "++++++++"]]),
    "with a selector that nobody knows": signed(HONEST, groups=[["everybody", 0, int(NOW) + 60, "A" * 8]]),
    "with a negative place": signed(HONEST, seq=-1),
    "with a place of another type": signed(HONEST, seq="2"),
    "with a time that is no number": signed(HONEST, true_at=None),
    "nothing": "",
    "garbage": "\x00" * 1000,
    "not even text": "ä.ö.ü",
    "a megabyte": signed(HONEST) + "A" * 1_000_000,
}


@pytest.fixture
async def world(clock: Clock) -> FeedWorld:
    """Give one that has heard of one session's end, and trusts KEY alone."""
    made = FeedWorld(clock)
    await made.turn(signed(page(sid("early"))), stream=[signed(page(after=1, seq=1))])
    made.pass_by(10)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize("way", ["page", "stream"])
@pytest.mark.parametrize("attack", FORGED)
async def test_what_is_no_page_of_the_issuer_changes_nothing(world: FeedWorld, attack: str, way: str) -> None:
    start = signed(page(after=1, seq=1))
    if way == "page":
        wait = await world.turn(FORGED[attack])
    else:
        wait = await world.turn(start, stream=[start, FORGED[attack]])
    assert world.work.state is FeedState.RETRYING
    assert wait > 0
    assert not world.ended("kicked")
    assert world.ended("early")
    assert world.age == 10  # nobody made it younger
    # The twin: the honest page, by the same way, whatever the follower asks for after that.
    if world.revocations.reached is None:
        await world.turn(signed(page(sid("early"), sid("kicked"), true_at=NOW + 10)))
    elif way == "page":
        await world.turn(signed(HONEST))
    else:
        await world.turn(start, stream=[start, signed(HONEST)])
    assert world.ended("kicked")


def test_a_page_is_no_access_token(clock: Clock, follower: Follower) -> None:
    forged = jwt.sign(
        {**claims(), **HONEST.to_claims(issuer=ISSUER), "aud": AUDIENCE}, KEY, typ=REVOCATIONS_TYP
    )
    for shown, subject in ((forged, None), (token(), "ada")):
        checks = Verifier(
            issuer=ISSUER, audience=AUDIENCE, feed=None, clock=clock, follower=follower, make_fetch=network()
        )
        asyncio.run(checks.ready())
        if subject is None:
            with pytest.raises(Unauthenticated):
                checks.check_token(shown)
        else:
            assert checks.check_token(shown).subject == subject


# Played again


@pytest.mark.parametrize("way", ["page", "stream"])
async def test_a_heartbeat_that_a_relay_repeats_lets_the_view_age(world: FeedWorld, way: str) -> None:
    old = signed(page(after=1, seq=1))
    for minute in range(1, 31):
        world.pass_by(60)
        if way == "page":
            await world.turn(old)
        else:
            await world.turn(old, stream=[old])
        assert world.age >= 10 + 60 * minute - LEEWAY
    await world.turn(signed(page(after=1, seq=1, true_at=world.clock())))
    assert world.age == 0


async def test_an_old_full_answer_loses_no_entry_and_makes_nothing_younger(world: FeedWorld) -> None:
    before = signed(page(sid("early")))
    await world.turn(signed(page(sid("kicked"), after=1, true_at=NOW + 10)))
    assert world.age == 0
    world.pass_by(50)
    # A gap, which any relay can make, has the full answer asked for; the old one is played then.
    await world.turn(signed(page(after=9, seq=9, true_at=NOW + 60)))
    await world.turn(before)
    assert world.ended("kicked")
    assert world.age == 50
    await world.turn(signed(page(sid("kicked"), after=1, true_at=NOW + 60)))  # and it goes on from there
    assert world.age == 0


async def test_an_old_full_answer_of_several_pages_loses_no_entry(world: FeedWorld) -> None:
    await world.turn(signed(page(sid("kicked"), after=1, true_at=NOW + 10)))
    world.revocations.start_over()
    await world.turn(signed(page(more=True)), signed(page(sid("early"), after=0)))
    assert world.ended("kicked")
    assert world.ended("early")


async def test_an_old_page_of_a_foreign_log_loses_no_entry(world: FeedWorld) -> None:
    await world.turn(signed(page(sid("kicked"), after=1, true_at=NOW + 10)))
    world.revocations.start_over()
    await world.turn(signed(page(sid("other"), log="before-the-restore")))
    assert world.ended("kicked")
    # The twin: a feed that has begun anew says so now, and what it says counts.
    world.pass_by(5)
    await world.turn(signed(page(sid("other"), log="restored", true_at=world.clock())))
    assert not world.ended("kicked")


async def test_an_old_page_from_before_a_revocation_only_puts_it_off(world: FeedWorld) -> None:
    await world.turn(signed(page(sid("one"), after=1, seq=2, true_at=NOW + 10)))
    assert not world.ended("two")
    await world.turn(signed(page(sid("two"), after=2, true_at=NOW + 10)))
    assert world.ended("two")


# Stolen keys


async def test_a_stolen_key_does_not_sign_that_nothing_was_revoked(world: FeedWorld) -> None:
    world.publishes(KEY, OTHER)
    stolen = entry(Selects.KID, str(OTHER.kid))
    await world.turn(signed(page(stolen, after=1, true_at=NOW + 10)))
    world.pass_by(5)
    for forged in (page(true_at=NOW + 15), page(after=2, seq=9, true_at=NOW + 15)):
        await world.turn(signed(forged, OTHER))
        assert world.ended("early")
        assert world.age == 5
    await world.turn(signed(page(after=2, seq=9, true_at=NOW + 15)))  # the twin, by a key that holds
    assert world.age == 0


async def test_a_stolen_key_does_not_end_the_full_answer_that_revokes_it(clock: Clock) -> None:
    world = FeedWorld(clock)
    world.publishes(KEY, OTHER)
    stolen = entry(Selects.KID, str(OTHER.kid))
    await world.turn(signed(page(stolen, more=True)), signed(page(after=1, seq=1), OTHER))
    assert world.age == float("inf")
    await world.turn(signed(page(after=1, seq=1)))
    assert world.age == 0
    assert world.revocations.verdict(principal(kid=OTHER.kid)) is not None


class Strangers:
    """A line on which the feed is signed by a new stranger each time."""

    def __init__(self, net: Network) -> None:
        self.net = net
        self.pages = 0
        said = ServerMetadata(
            issuer=ISSUER, jwks_uri=JWKS_URI, revocations_endpoint=FEED, revocations_stream_endpoint=FEED
        )
        net.answers[metadata_url(ISSUER)] = said.to_json()

    def __call__(self) -> Strangers:
        return self

    async def get(self, url: str, *, patience: float = 0) -> Any:
        if url.startswith(FEED):
            self.pages += 1
            return Document(signed(page(), Key.generate("ES256")).encode())
        return await self.net.get(url)

    async def events(self, url: str, *, silence: float) -> AsyncGenerator[str, None]:
        raise FetchFailed("unreachable")
        yield ""

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        raise FetchFailed("unreachable")

    async def close(self) -> None: ...


async def test_a_thousand_bogus_kids_by_tokens_and_by_the_feed_cause_one_fetch(
    clock: Clock, follower: Follower
) -> None:
    line = Strangers(network())
    terms = FeedTerms(first_retry=0.001, longest_retry=0.001)
    checks = Verifier(
        issuer=ISSUER, audience=AUDIENCE, feed=terms, clock=clock, follower=follower, make_fetch=line
    )
    checks.watch.follow()
    await until(lambda: line.pages >= 1)
    signed_by_strangers = [token(Key.generate("ES256")) for _ in range(1_000)]

    def knock(tokens: list[str]) -> None:
        for one in tokens:
            with pytest.raises(Unauthenticated):
                checks.check_token(one)

    await asyncio.gather(*(asyncio.to_thread(knock, signed_by_strangers[n::50]) for n in range(50)))
    pages = line.pages
    await until(lambda: line.pages >= pages + 20)
    assert line.net.count(JWKS_URI) == 2  # the first one, and one for all strangers
    await checks.close()


# Over real HTTP


async def garbage_stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        await response.write(b"data: garbage\n\n" * 10)
        await response.write(b"\xff\xfe\x00" * 1000)
    return response


async def flood(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(100):
            await response.write(b"A" * 1024 * 1024)
            request.app["sent"] = request.app.get("sent", 0) + 1
    return response


async def comments(request: web.Request) -> web.StreamResponse:
    """Keep the line alive, and say nothing."""
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        while True:
            await response.write(b": still here\n")
            await asyncio.sleep(0.02)
    return response


BAD_FEEDS: dict[str, Handler] = {
    "500": says(b"", 500),
    "404": says(b"", 404),
    "error page": says(b"<html>oops</html>"),
    "empty": says(b""),
    "not ASCII": says(b"\xff" * 100),
    "larger than the cap": says(b"A" * (MAX_DOCUMENT + 1)),
    "100 MB": flood,
    "a byte at a time": drip,
    "redirect": redirect,
    "garbage": garbage_stream,
    "comments for ever": comments,
}


@pytest.mark.parametrize("path", ["/feed", "/stream"])
@pytest.mark.parametrize("attack", BAD_FEEDS)
async def test_a_bad_answer_is_no_news_and_hinders_no_check(
    auth: Auth, follower: Follower, attack: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "POLL_PAUSE", 0.05)

    def pages(request: web.Request) -> str:
        after = 0 if "after" in request.query else None
        return signed(page(after=after, seq=0, true_at=time.time()), issuer=auth.issuer)

    async def good(request: web.Request) -> web.Response:
        return web.Response(text=pages(request))

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(f"data: {pages(request)}\n\n".encode())
        await asyncio.sleep(0.1)
        return response

    auth.paths |= {"/feed": good, "/stream": stream, "/elsewhere": good}
    said = auth.metadata(
        revocations_endpoint=f"{auth.issuer}/feed", revocations_stream_endpoint=f"{auth.issuer}/stream"
    )
    auth.says(METADATA_PATH, said.to_json())
    auth.paths[path] = BAD_FEEDS[attack]
    checks = Verifier(
        issuer=auth.issuer,
        audience=AUDIENCE,
        follower=follower,
        feed=FeedTerms(silence=0.2, polling=0.1, poll=0.2, first_retry=0.05, longest_retry=0.05),
        make_fetch=lambda: HttpFetch(timeout=0.25),
    )
    checks.watch.follow()
    await until(lambda: auth.count(path) >= 2)
    assert auth.count("/elsewhere") == 0
    if path == "/feed":  # nothing was ever heard
        with pytest.raises(Unavailable) as refusal:
            checks.check_token(auth.token())
        assert refusal.value.reason == "no_view_yet"
    else:  # what the pages say is enough
        assert checks.check_token(auth.token()).subject == "ada"
    auth.paths |= {"/feed": good, "/stream": stream}
    await until(lambda: checks.health().feed is FeedState.STREAMING)
    assert checks.check_token(auth.token()).subject == "ada"
    await checks.close()


def test_the_largest_honest_page_fits() -> None:
    entries = [entry(Selects.SUB, str(n), below=n, end=int(NOW) + n) for n in range(PAGE_ENTRIES)]
    assert len(signed(page(*entries))) < MAX_DOCUMENT
