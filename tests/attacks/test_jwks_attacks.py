"""Attacks by way of the documents that a Verifier fetches, over real HTTP; each has its accepted twin."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from aiohttp import web
from tests.ports import free_port
from tests.unit.verifier.world import AUDIENCE, KEY, SESSION_PASS, introspection, jwks, token, until

from gatepass.jose import Key, KeySet
from gatepass.oauth import METADATA_PATH, ServerMetadata
from gatepass.verifier import (
    FetchFailed,
    Follower,
    KeyTerms,
    Principal,
    SessionVerifier,
    Unauthenticated,
    Unavailable,
    Verifier,
)
from gatepass.verifier.fetch import MAX_DOCUMENT, HttpFetch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MB = 1024 * 1024
SHORT = 0.25  # seconds that a fetch may take where somebody answers without end
WITHIN = 60  # seconds that everything else may take, however slow the machine is


class Auth:
    """A server on loopback; each path does what a test tells it to."""

    def __init__(self) -> None:
        self.paths: dict[str, Handler] = {}
        self.requests: list[web.Request] = []
        self.sent = 0

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        handler = self.paths.get(request.path)
        return await handler(request) if handler else web.Response(status=404)

    def says(self, path: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        async def handler(_: web.Request) -> web.Response:
            return web.Response(body=body, headers=headers)

        self.paths[path] = handler

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def start(self, port: int, host: str = "127.0.0.1") -> None:
        self.issuer = f"http://{host}:{port}"
        self.says(METADATA_PATH, self.metadata().to_json())
        self.says("/jwks", jwks(KEY))
        self.says("/check", introspection(self.issuer, now=time.time()))

    def metadata(self, **changes: Any) -> ServerMetadata:
        members = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/jwks",
            "session_check_endpoint": f"{self.issuer}/check",
        }
        return ServerMetadata(**{**members, **changes})

    def token(self, key: Key = KEY, **changes: Any) -> str:
        return token(key, issuer=self.issuer, now=time.time(), **changes)


@pytest.fixture
async def auth() -> AsyncIterator[Auth]:
    auth = Auth()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", auth.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:
        await web.SockSite(runner, listening).start()
        auth.start(listening.getsockname()[1])
        yield auth
        await runner.cleanup()


@pytest.fixture
def follower() -> Iterator[Follower]:
    own = Follower()
    yield own
    own.stop(timeout=WITHIN)


def verifier(
    auth: Auth,
    follower: Follower,
    terms: KeyTerms | None = None,
    *,
    clock: Callable[[], float] = time.time,
    timeout: float = WITHIN,
) -> Verifier:
    return Verifier(
        issuer=auth.issuer,
        audience=AUDIENCE,
        terms=terms,
        feed=None,
        follower=follower,
        clock=clock,
        make_fetch=lambda: HttpFetch(timeout=timeout),
    )


# One second is enough for a retry or two: what is refused must stay refused.
IMPATIENT = KeyTerms(first_retry=0.05, longest_retry=0.05)


async def drip(request: web.Request) -> web.StreamResponse:
    """Send one byte every 50 ms."""
    response = web.StreamResponse()
    await response.prepare(request)
    with contextlib.suppress(ConnectionError):
        for byte in jwks(KEY):
            await response.write(bytes([byte]))
            await asyncio.sleep(0.05)
    return response


async def redirect(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "/elsewhere"})


def says(body: bytes, status: int = 200) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status)

    return handler


SYMMETRIC = json.dumps(
    {"keys": [{"kty": "oct", "k": "c2VjcmV0" * 8, "alg": "HS256", "kid": KEY.kid}]}
).encode()

BAD_SETS: dict[str, Handler] = {
    "500": says(jwks(KEY), 500),
    "503": says(jwks(KEY), 503),
    "404": says(jwks(KEY), 404),
    "200 with an error page": says(b"<html>oops</html>"),
    "empty": says(b""),
    "not an object": says(b"[]"),
    "no keys member": says(b"{}"),
    "no keys at all": says(b'{"keys":[]}'),
    "only a shared secret": says(SYMMETRIC),
    "duplicate members": says(b'{"keys":[],' + jwks(KEY)[1:]),
    "deeply nested": says(b"[" * 200_000),
    "not UTF-8": says(b"\xff\xfe" + jwks(KEY)),
    "larger than the cap": says(jwks(KEY) + b" " * MAX_DOCUMENT),
    "slow, a byte at a time": drip,
    "redirect": redirect,
}


@pytest.mark.parametrize("attack", BAD_SETS)
async def test_a_bad_answer_never_becomes_keys(auth: Auth, follower: Follower, attack: str) -> None:
    auth.paths["/jwks"] = BAD_SETS[attack]
    auth.says("/elsewhere", jwks(KEY))
    checks = verifier(auth, follower, IMPATIENT, timeout=SHORT)
    with pytest.raises(Unavailable):
        await checks.ready(within=SHORT + 0.1)
    assert auth.count("/elsewhere") == 0
    auth.says("/jwks", jwks(KEY))
    await checks.ready()
    assert checks.check_token(auth.token()).subject == "ada"


@pytest.mark.parametrize("attack", BAD_SETS)
async def test_a_bad_answer_leaves_the_last_good_keys_in_place(
    auth: Auth, follower: Follower, attack: str
) -> None:
    checks = verifier(auth, follower, replace(IMPATIENT, shortest=0.1, lifetime=0.1), timeout=SHORT)
    await checks.ready()
    auth.paths["/jwks"] = BAD_SETS[attack]
    asked = auth.count("/jwks")
    await until(lambda: auth.count("/jwks") >= asked + 2)  # then one bad answer is over
    assert checks.check_token(auth.token()).subject == "ada"


async def test_100_mb_are_not_taken_in(auth: Auth, follower: Follower) -> None:
    async def flooding(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": str(100 * MB)})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                await response.write(b" " * MB)
                auth.sent += MB
        return response

    auth.paths["/jwks"] = flooding
    checks = verifier(auth, follower, KeyTerms(first_retry=WITHIN, longest_retry=WITHIN))
    checks.watch.follow()
    await until(lambda: checks.watch.keys.next_fetch_at > 0)  # it has given up
    # What the sockets' buffers swallow is more than what we read, and far from all of it.
    assert auth.sent < 16 * MB


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"issuer": "https://evil.example"}, id="another issuer, RFC 8414 §3.3"),
        pytest.param({"issuer": "SELF/"}, id="the issuer and a slash"),
        pytest.param({"issuer": "SELF.evil.example"}, id="the issuer as a prefix, GHSA-75c5-xw7c-p5pm"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, id="keys from a file"),
        pytest.param({"jwks_uri": "http://auth.example/jwks"}, id="keys over plain http"),
        pytest.param({"jwks_uri": "http://user:word@127.0.0.1/jwks"}, id="credentials in the URL"),
        pytest.param({"jwks_uri": "gopher://127.0.0.1/jwks"}, id="another scheme"),
        pytest.param({"jwks_uri": 5}, id="not a text"),
        pytest.param({"jwks_uri": None}, id="no keys at all"),
    ],
)
async def test_a_metadata_document_with_a_lie_is_not_used(
    auth: Auth, follower: Follower, metadata: dict[str, Any]
) -> None:
    honest = json.loads(auth.metadata().to_json())
    lie = {
        name: str(value).replace("SELF", auth.issuer) if name == "issuer" else value
        for name, value in metadata.items()
    }
    auth.says(METADATA_PATH, msgspec.json.encode({**honest, **lie}))
    checks = verifier(auth, follower, IMPATIENT)
    with pytest.raises(Unavailable):
        await checks.ready(within=0.3)
    assert auth.count("/jwks") == 0
    auth.says(METADATA_PATH, auth.metadata().to_json())
    await checks.ready()
    assert checks.check_token(auth.token()).subject == "ada"


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "alg": "ES256"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RS256"},
        {"kty": "unheard of", "kid": 7},
        {"kty": "oct", "k": "AAAA", "alg": "HS256"},
        7,
        None,
    ],
    ids=repr,
)
async def test_one_bad_key_does_not_take_down_the_set(auth: Auth, follower: Follower, bad: object) -> None:
    keys = json.loads(jwks(KEY))["keys"]
    auth.says("/jwks", json.dumps({"keys": [bad, *keys, bad]}).encode())
    checks = verifier(auth, follower)
    await checks.ready()
    assert checks.check_token(auth.token()).subject == "ada"


async def test_a_thousand_bogus_kids_from_fifty_threads_cause_exactly_one_fetch(
    auth: Auth, follower: Follower
) -> None:
    now = time.time()
    checks = verifier(auth, follower, clock=lambda: now)
    await checks.ready()
    before = checks.watch.keys.view
    stranger = Key.generate("Ed25519")
    bogus = [
        token(
            Key.from_jwk({**stranger.to_private_jwk(), "kid": f"bogus-{n}"}),
            issuer=auth.issuer,
            now=time.time(),
        )
        for n in range(1000)
    ]
    good = auth.token()
    refused: list[str] = []

    def attack(tokens: list[str]) -> None:
        for one in tokens:
            try:
                checks.check_token(one)
            except Unauthenticated as refusal:
                refused.append(refusal.reason)
            checks.check_token(good)  # a known key is never delayed or throttled

    await asyncio.gather(*(asyncio.to_thread(attack, bogus[n::50]) for n in range(50)))
    await until(lambda: checks.watch.keys.view is not before)
    assert refused == ["key_not_found"] * 1000
    assert auth.count("/jwks") == 2  # the first one, and one for all strangers


async def test_the_end_of_freshness_causes_no_herd(auth: Auth, follower: Follower) -> None:
    clock = [time.time()]
    checks = Verifier(
        issuer=auth.issuer, audience=AUDIENCE, follower=follower, feed=None, clock=lambda: clock[0]
    )
    await checks.ready()
    good = auth.token()
    clock[0] += 400  # the keys are no longer fresh: 50 threads at once
    results = await asyncio.gather(*(asyncio.to_thread(checks.check_token, good) for _ in range(50)))
    assert {principal.subject for principal in results} == {"ada"}
    assert auth.count("/jwks") == 1  # nobody of them asked; the follower does, when it wakes


async def test_a_fetch_gives_away_nothing_and_takes_no_cookie(auth: Auth, follower: Follower) -> None:
    auth.start(int(auth.issuer.rpartition(":")[2]), host="localhost")  # a cookie is never kept for an address
    auth.says("/jwks", jwks(KEY), {"Set-Cookie": "spy=1", "Cache-Control": "max-age=1"})
    checks = verifier(auth, follower, KeyTerms(shortest=0.05, lifetime=0.05, longest=0.05))
    await checks.ready()
    await until(lambda: auth.count("/jwks") >= 3)
    for request in auth.requests:
        assert "Cookie" not in request.headers
        assert "Authorization" not in request.headers
        assert request.headers["Accept-Encoding"] == "identity"


async def test_after_start_up_a_check_opens_no_connection(
    auth: Auth, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = verifier(auth, follower)
    await checks.ready()
    first, second = auth.token(), auth.token(jti="another")

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a check opened a connection")

    monkeypatch.setattr(socket.socket, "connect", forbidden)
    monkeypatch.setattr(socket.socket, "connect_ex", forbidden)
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", forbidden)
    monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", forbidden)
    with socket.socket() as probe, pytest.raises(AssertionError, match="opened"):
        probe.connect(("127.0.0.1", 1))  # the guard is awake
    assert (await checks.check(first)).subject == "ada"
    assert (await checks.check(second)).subject == "ada"
    assert (await checks.check(first)).subject == "ada"
    with pytest.raises(Unauthenticated):
        await checks.check(auth.token(Key.generate("ES256")))


async def test_a_session_check_forwards_the_pass_in_the_header_and_nothing_else(auth: Auth) -> None:
    sessions = SessionVerifier(issuer=auth.issuer, audience=AUDIENCE)
    assert (await sessions.check(SESSION_PASS)).subject == "ada"
    (request,) = [request for request in auth.requests if request.path == "/check"]
    assert request.method == "POST"
    assert request.headers["Authorization"] == f"Bearer {SESSION_PASS}"
    assert request.query_string == ""
    assert request.content_length in {None, 0}
    assert set(request.headers) <= {
        *(
            "Host",
            "Authorization",
            "Accept",
            "Accept-Encoding",
            "User-Agent",
            "Content-Length",
            "Content-Type",
        )
    }
    await sessions.close()


@pytest.mark.parametrize(
    "attack", [name for name in BAD_SETS if name not in {"no keys at all", "only a shared secret"}]
)
async def test_a_bad_answer_about_a_session_is_503(auth: Auth, attack: str) -> None:
    auth.paths["/check"] = BAD_SETS[attack]
    sessions = SessionVerifier(issuer=auth.issuer, audience=AUDIENCE, timeout=SHORT)
    with pytest.raises(Unavailable):
        await sessions.check(SESSION_PASS)
    auth.says("/check", introspection(auth.issuer, now=time.time()))
    assert (await answered(sessions)).subject == "ada"
    await sessions.close()


async def answered(sessions: SessionVerifier) -> Principal:
    """Ask until there is an answer: on a slow machine an honest one may take too long as well."""
    async with asyncio.timeout(WITHIN):
        while True:
            with contextlib.suppress(Unavailable):
                return await sessions.check(SESSION_PASS)


async def test_the_pass_is_not_carried_along_a_redirect(auth: Auth) -> None:
    auth.paths["/check"] = redirect
    auth.says("/elsewhere", introspection(auth.issuer, now=time.time()))
    sessions = SessionVerifier(issuer=auth.issuer, audience=AUDIENCE)
    with pytest.raises(Unavailable):
        await sessions.check(SESSION_PASS)
    assert auth.count("/elsewhere") == 0
    await sessions.close()


async def test_auth_that_is_down_is_503() -> None:
    sessions = SessionVerifier(issuer=f"http://127.0.0.1:{free_port()}", audience=AUDIENCE)
    with pytest.raises(Unavailable) as refusal:
        await sessions.check(SESSION_PASS)
    assert refusal.value.reason == "unreachable"
    await sessions.close()


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://auth.example/jwks", "ftp://auth.example/jwks", "/jwks", ""]
)
async def test_the_client_itself_asks_no_other_address(auth: Auth, url: str) -> None:
    fetch = HttpFetch()
    for asking in (fetch.get(url), fetch.ask(url, pass_text=SESSION_PASS)):
        with pytest.raises(FetchFailed) as failure:
            await asking
        assert failure.value.code == "url_refused"
    assert (await fetch.get(f"{auth.issuer}/jwks")).body == jwks(KEY)
    await fetch.close()


def test_a_set_is_judged_by_what_it_publishes_only() -> None:
    assert len(KeySet.from_jwks(SYMMETRIC)) == 1  # jose knows shared secrets; the Verifier must not
