"""A WebSocket is refused as a request is, and closed when the pass that opened it no longer holds."""

import asyncio
import json
import logging
from collections.abc import Mapping

import pytest
from tests.unit.verifier.services.passes import ADA, Passes
from tests.unit.verifier.services.sockets import ECHOES, Client, connected, echo
from tests.unit.verifier.world import PATIENCE

from gatepass.verifier import (
    Cookie,
    Guard,
    Refused,
    TokenStale,
    Unauthenticated,
    Unavailable,
    asgi,
    websocket,
)
from gatepass.verifier.adapters.starlette import Gate
from gatepass.verifier.asgi import AnswerRefusals, App, GatepassMiddleware, Receive, Scope, Send

GOOD = {"Authorization": "Bearer good"}
ACCEPTED = {"type": "websocket.accept"}

every_framework = pytest.mark.parametrize("framework", ECHOES)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is cut off who does what they should, however slow the machine is."""
    monkeypatch.setattr(websocket, "GRACE", PATIENCE)


@pytest.fixture
def no_grace(patience: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a test in which somebody must be cut off."""
    monkeypatch.setattr(websocket, "GRACE", 0.02)


cut_off = pytest.mark.usefixtures("no_grace")


async def accepted(client: Client) -> None:
    assert (await client.hear())["type"] == "websocket.accept"


@every_framework
async def test_who_has_a_pass_is_let_in_and_known(framework: str) -> None:
    passes = Passes()
    async with connected(echo(framework, passes), GOOD) as client:
        await accepted(client)
        client.say("hello")
        assert (await client.hear())["text"] == "ada: hello"
        assert passes.checked == ["good"]


@every_framework
@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "unauthenticated"),
        ({"Authorization": "Bearer forged"}, 401, "invalid_token"),
        ({"Authorization": "Bearer stale"}, 401, "token_stale"),
        ({"Authorization": "Bearer nothing"}, 403, "insufficient_scope"),
        ({"Authorization": "Bearer down"}, 503, "unavailable"),
    ],
)
async def test_a_handshake_is_refused_with_a_whole_answer(
    framework: str, headers: Mapping[str, str], status: int, code: str
) -> None:
    async with connected(echo(framework, Passes()), headers) as client:
        denial = await client.denial()
        assert (denial.status, json.loads(denial.body)["code"]) == (status, code)
        assert ("www-authenticate" in denial.headers) == (status != 503)
        await client.ended()
        assert client.heard.empty()


@every_framework
@pytest.mark.parametrize(("pass_text", "close_code"), [("forged", 1008), ("nothing", 1008), ("down", 1013)])
async def test_a_server_without_denials_is_told_to_close(
    framework: str, pass_text: str, close_code: int
) -> None:
    headers = {"Authorization": f"Bearer {pass_text}"}
    async with connected(echo(framework, Passes()), headers, denials=False) as client:
        said = await client.hear()
        assert (said["type"], said["code"]) == ("websocket.close", close_code)
        await client.ended()
        assert client.heard.empty()


@every_framework
@pytest.mark.parametrize(
    ("why", "code", "reason"),
    [
        (Unauthenticated("revoked"), 1008, "invalid_token"),
        (TokenStale(), 1008, "token_stale"),
        (Unavailable("stale_view", retry_after=5), 1013, "unavailable"),
    ],
)
async def test_an_open_socket_is_closed_with_its_pass_and_the_app_is_told(
    framework: str, why: Refused, code: int, reason: str
) -> None:
    passes = Passes(why=why)
    async with connected(echo(framework, passes), GOOD) as client:
        await accepted(client)
        passes.end.set()
        assert await client.hear() == {"type": "websocket.close", "code": code, "reason": reason}
        await client.ended()  # by what it received: the grace is a minute
        assert client.heard.empty()


@every_framework
async def test_a_client_that_leaves_ends_the_watch(framework: str) -> None:
    passes = Passes()
    async with connected(echo(framework, passes), GOOD) as client:
        await accepted(client)
        await passes.watched.wait()
        client.leave()
        await client.ended()
        await passes.unwatched.wait()
        assert client.heard.empty()


def guarded(app: App, passes: Passes) -> App:
    return GatepassMiddleware(app, guard=Guard(passes))


async def deaf(scope: Scope, receive: Receive, send: Send) -> None:
    """Accept, and never listen again."""
    await send({"type": "websocket.accept"})
    await asyncio.Event().wait()


@cut_off
async def test_an_app_that_does_not_listen_is_cancelled() -> None:
    passes = Passes()
    async with connected(guarded(deaf, passes), GOOD) as client:
        await accepted(client)
        passes.end.set()
        assert (await client.hear())["code"] == 1008
        await client.ended()


async def test_an_app_that_only_sends_learns_of_it_by_an_error_that_ends_here() -> None:
    passes, errors = Passes(), []

    async def ticker(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "text": "tick"})
                await asyncio.sleep(0)
        except OSError as error:
            errors.append(error)
            raise

    async with connected(guarded(ticker, passes), GOOD) as client:
        await accepted(client)
        passes.end.set()
        await client.ended()
        assert len(errors) == 1
        said = [client.heard.get_nowait() for _ in range(client.heard.qsize())]
        assert said.pop()["type"] == "websocket.close"
        assert {message["type"] for message in said} == {"websocket.send"}


async def test_what_the_client_says_after_the_end_does_not_reach_the_app() -> None:
    passes, received = Passes(), []

    async def listener(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        received.extend([(await receive())["type"] for _ in range(2)])

    async with connected(guarded(listener, passes), GOOD) as client:
        await accepted(client)
        await passes.watched.wait()
        client.reads.clear()
        passes.end.set()
        await passes.unwatched.wait()
        client.say("now that you can't hear me")
        client.reads.set()
        await client.ended()
    assert received == ["websocket.disconnect", "websocket.disconnect"]


@cut_off
async def test_a_client_that_reads_nothing_holds_up_nothing() -> None:
    passes = Passes()
    async with connected(guarded(deaf, passes), GOOD) as client:
        await accepted(client)
        client.reads.clear()
        passes.end.set()
        await client.ended()


async def test_a_pass_that_ends_during_the_handshake_refuses_it() -> None:
    passes = Passes()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await receive()
        await send({"type": "websocket.accept"})

    async with connected(guarded(slow, passes), GOOD) as client:
        passes.end.set()
        assert (await client.denial()).status == 401
        await client.ended()
        assert client.heard.empty()


@cut_off
async def test_a_pass_that_cannot_be_watched_counts_as_ended(caplog: pytest.LogCaptureFixture) -> None:
    passes = Passes(why=RuntimeError("nobody thought of this"))
    async with connected(guarded(deaf, passes), GOOD) as client:
        await accepted(client)
        passes.end.set()
        with caplog.at_level(logging.ERROR, "gatepass.verifier"):
            assert (await client.hear())["code"] == 1013
        await client.ended()


@cut_off
async def test_an_app_that_has_closed_by_itself_is_left_in_peace() -> None:
    passes, done = Passes(), asyncio.Event()

    async def closing(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})
        await done.wait()

    async with connected(guarded(closing, passes), GOOD) as client:
        await accepted(client)
        assert (await client.hear())["code"] == 1000
        passes.end.set()
        await client.ended()  # the pass is over, so the work for it is too
        assert client.heard.empty()


async def test_an_app_that_stops_waiting_loses_no_message() -> None:
    ready = asyncio.Event()

    async def impatient(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            async with asyncio.timeout(0):
                await receive()
        except TimeoutError:
            ready.set()
        await send({"type": "websocket.send", "text": (await receive())["text"]})

    async with connected(guarded(impatient, Passes()), GOOD) as client:
        await accepted(client)
        await ready.wait()
        client.say("still here")
        assert (await client.hear())["text"] == "still here"
        await client.ended()


async def test_the_errors_of_an_app_are_its_own() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise TimeoutError("the database")

    async with connected(guarded(failing, Passes()), GOOD) as client:
        with pytest.raises(TimeoutError, match="database"):
            await client.ended()


async def test_a_server_that_stops_is_heard() -> None:
    async with connected(guarded(deaf, Passes()), GOOD) as client:
        await accepted(client)
        client.app.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.app


async def test_a_refusal_after_the_handshake_closes_the_socket() -> None:
    passes = Passes()
    guard = Guard(passes)

    async def late(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await asgi.user(scope, guard)

    async with connected(AnswerRefusals(late, guard=guard), {}) as client:
        await accepted(client)
        assert await client.hear() == {"type": "websocket.close", "code": 1008, "reason": "unauthenticated"}
        await client.ended()


async def test_a_socket_without_a_pass_is_not_watched_where_anybody_may() -> None:
    passes = Passes()
    gate = Gate(passes)

    async def open_to_all(scope: Scope, receive: Receive, send: Send) -> None:
        assert await asgi.user_or_none(scope, gate.guard) is None
        await send({"type": "websocket.accept"})

    async with connected(AnswerRefusals(open_to_all, guard=gate.guard), {}) as client:
        await accepted(client)
        await client.ended()
        assert not passes.watched.is_set()


async def test_a_socket_that_nobody_would_close_is_not_opened() -> None:
    guard = Guard(Passes())

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        await asgi.user(scope, guard)

    async with connected(bare, GOOD) as client:
        with pytest.raises(TypeError, match="install"):
            await client.ended()


@cut_off
async def test_each_guard_watches_for_itself() -> None:
    first, second = Passes(), Passes()

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        assert await asgi.user(scope, Guard(second)) is ADA
        await deaf(scope, receive, send)

    async with connected(guarded(inner, first), GOOD) as client:
        await accepted(client)
        second.end.set()
        assert (await client.hear())["code"] == 1008
        await client.ended()
        await first.unwatched.wait()


@every_framework
@pytest.mark.parametrize("path_word", ["Origin", "Sec-Fetch-Site"])
async def test_a_cookie_opens_a_socket_for_our_own_page(framework: str, path_word: str) -> None:
    ours = {"Origin": "https://clinic.example", "Sec-Fetch-Site": "same-origin"}
    headers = {"Cookie": "pass=good", path_word: ours[path_word]}
    carry = (Cookie("pass", origins=frozenset({ours["Origin"]})),)
    async with connected(echo(framework, Passes(), carry=carry), headers) as client:
        await accepted(client)
