"""Odd and hostile requests: each gets an answer of ours and none gets further; twins are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gatepass.auth import Limit
from gatepass.server.limits import MAX_BODY

if TYPE_CHECKING:
    from tests.server_world import MakeWorld, World

GOOD = b'{"email":"ann@example.org","password":"correct horse battery"}'

BODIES: dict[str, tuple[bytes, str | None]] = {
    "nothing": (b"", None),
    "no JSON": (b"{", None),
    "an array": (b"[]", None),
    "a text": (b'"x"', None),
    "null": (b"null", None),
    "a member that we don't know": (GOOD[:-1] + b',"admin":true}', "admin"),
    "a member twice": (GOOD[:-1] + b',"email":"bob@example.org"}', None),
    "a member twice, once escaped": (GOOD[:-1] + b',"\\u0065mail":"bob@example.org"}', None),
    "a member missing": (b'{"email":"ann@example.org"}', "password"),
    "a number for a text": (b'{"email":1,"password":"x"}', "email"),
    "an object for a text": (b'{"email":{"$ne":null},"password":"x"}', "email"),
    "null for a text": (b'{"email":null,"password":"x"}', "email"),
    "a mode that is none": (GOOD[:-1] + b',"mode":"admin"}', "mode"),
    "a lifetime of no time": (GOOD[:-1] + b',"mode":"token","lifetime":0}', "lifetime"),
    "a lifetime that is a truth": (GOOD[:-1] + b',"mode":"token","lifetime":true}', "lifetime"),
    "a lifetime that is NaN": (GOOD[:-1] + b',"mode":"token","lifetime":NaN}', None),
    "a lifetime beyond all numbers": (
        GOOD[:-1] + b',"mode":"token","lifetime":1' + b"0" * 400 + b"}",
        "lifetime",
    ),
    "a refresh form for a session": (GOOD[:-1] + b',"refresh":"standard"}', "mode"),
    "bytes that are no UTF-8": (b'{"email":"\xff","password":"x"}', None),
    "a lone surrogate": (b'{"email":"\\ud800","password":"x"}', None),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, None),
    "more after the end": (GOOD + b"{}", None),
    "nesting without end": (b'{"email":' + b"[" * 10_000, "email"),
    "a text longer than we read": (b'{"email":"' + b"a" * 1025 + b'","password":"x"}', "email"),
}


async def post(world: World, path: str, body: bytes) -> Any:
    async with world.client() as client:
        answer = await client.post(path, content=body, headers={"content-type": "application/json"})
        assert answer.headers["content-type"] in {"application/json", "application/problem+json"}
        return answer


@pytest.mark.parametrize("name", BODIES)
async def test_an_odd_body_is_refused_and_its_values_are_not_repeated(world: World, name: str) -> None:
    body, field = BODIES[name]
    answer = await post(world, "/api/login", body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (400, "invalid_body")
    assert told.get("field") == field
    assert "ann@example.org" not in answer.text


async def test_the_twin_of_the_odd_bodies_is_accepted(world: World) -> None:
    assert (await post(world, "/api/login", GOOD)).status_code == 200


async def test_a_body_is_read_to_its_limit_and_no_further(world: World) -> None:
    fits = GOOD + b" " * (MAX_BODY - len(GOOD))
    assert (await post(world, "/api/login", fits)).status_code == 200
    assert (await post(world, "/api/login", fits + b" ")).json()["code"] == "body_too_large"


async def test_a_body_that_lies_about_its_length_is_counted(world: World) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 1024

    async with world.client() as client:
        json = {"content-type": "application/json"}
        assert (await client.post("/api/login", content=chunks(), headers=json)).status_code == 413


REFRESH_BODIES = [
    b"{}",
    b'{"refresh_token":"gpr_x","expired_token":"x"}',
    b'{"refresh_token":null,"expired_token":null}',
    b'{"refresh_token":"' + b"x" * 16_385 + b'"}',
]


@pytest.mark.parametrize("body", REFRESH_BODIES)
async def test_a_renewal_presents_exactly_one_thing(world: World, body: bytes) -> None:
    assert (await post(world, "/api/refresh", body)).json()["code"] == "invalid_body"


CREDENTIALS: dict[str, tuple[str, int, str]] = {
    "another scheme": ("Basic YTpi", 400, "invalid_request"),
    "no token": ("Bearer", 400, "invalid_request"),
    "two tokens": ("Bearer a b", 400, "invalid_request"),
    "a session id cut short": ("Bearer gps_AAAA", 401, "invalid_token"),
    "a refresh token": ("Bearer gpr_" + "A" * 43, 401, "invalid_token"),
    "a session that nobody has": ("Bearer gps_" + "A" * 43, 401, "invalid_token"),
    "a token that is none": ("Bearer a.b.c", 401, "invalid_token"),
    "an unsigned token": ("Bearer eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.e30.", 401, "invalid_token"),
}


@pytest.mark.parametrize("name", CREDENTIALS)
async def test_a_bad_credential_is_refused_with_a_challenge(world: World, name: str) -> None:
    header, status, code = CREDENTIALS[name]
    async with world.client() as client:
        answer = await client.get("/api/me", headers={"authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_a_log_in_that_is_refused_for_its_lifetime_leaves_no_session(world: World) -> None:
    body = {"email": "ann@example.org", "password": "correct horse battery", "mode": "token"}
    async with world.client() as client:
        own = {"authorization": f"Bearer {await world.session(client)}"}
        for lifetime, status, sessions in ((601, 422, 1), (600, 200, 2)):
            answer = await client.post("/api/login", json={**body, "lifetime": lifetime})
            assert answer.status_code == status
            assert len((await client.get("/api/sessions", headers=own)).json()["sessions"]) == sessions


async def test_a_pass_in_the_query_is_nobody(world: World) -> None:
    async with world.client() as client:
        session_id = await world.session(client)
        assert (await client.get(f"/api/me?access_token={session_id}")).status_code == 401
        good = {"authorization": f"bearer {session_id}"}
        assert (await client.get("/api/me", headers=good)).status_code == 200


async def test_a_planted_second_cookie_makes_nobody_of_both(world: World) -> None:
    browser = await world.browser()
    mine = browser.cookies["gatepass_session"]
    async with world.client() as client:
        for cookies, status in {
            f"gatepass_session={mine}": 200,
            f"gatepass_session=gps_planted; gatepass_session={mine}": 401,
            f"gatepass_session={mine}; gatepass_session=gps_planted": 401,
        }.items():
            assert (await client.get("/api/me", headers={"cookie": cookies})).status_code == status


async def test_log_in_again_does_not_take_over_a_planted_session(world: World) -> None:
    async with world.client(cookie=f"gatepass_session=gps_{'A' * 43}", origin=world.config.issuer) as client:
        form = {"email": "ann@example.org", "password": "correct horse battery"}
        answer = await client.post("/login", data=form)
        assert answer.status_code == 303
        assert "A" * 43 not in answer.headers["set-cookie"]


FORMS = {
    "a field twice": b"email=ann%40example.org&email=bob%40example.org&password=x",
    "too many fields": b"&".join(b"f%d=1" % i for i in range(40)),
    "bytes that are no UTF-8": b"email=%ff&password=x",
    "bytes that are no ASCII": b"email=\xff&password=x",
}


@pytest.mark.parametrize("name", FORMS)
async def test_an_odd_form_is_refused_as_a_page(world: World, name: str) -> None:
    given = {"origin": world.config.issuer, "content-type": "application/x-www-form-urlencoded"}
    async with world.client() as client:
        answer = await client.post("/login", content=FORMS[name], headers=given)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


async def test_another_method_is_told_which_ones_there_are(world: World) -> None:
    async with world.client() as client:
        answer = await client.put("/api/sessions/x")
        assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE")
        assert (await client.get("/login")).status_code == 200
        assert (await client.head("/login")).status_code == 200
        assert (await client.get("/login/")).status_code == 404


async def test_a_stranger_s_word_on_its_address_buys_no_attempts(make_world: MakeWorld) -> None:
    world = make_world(terms={"address_limit": Limit(2, 900)})
    behind = make_world(terms={"address_limit": Limit(2, 900)}, trusted_proxies=("127.0.0.1",))
    for place, statuses in ((world, [401, 401, 429]), (behind, [401, 401, 401])):
        seen = []
        async with place.client() as client:
            for number in range(3):
                body = {"email": f"nobody{number}@example.org", "password": "x"}
                given = {"x-forwarded-for": f"203.0.113.{number}"}
                seen.append((await client.post("/api/login", json=body, headers=given)).status_code)
        assert seen == statuses


async def test_a_failure_of_ours_is_told_without_its_words(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_: bytes) -> None:
        raise RuntimeError("something inside")

    async with world.client() as client:
        session_id = await world.session(client)
        monkeypatch.setattr(world.auth.store, "session_by_hash", broken)
        answer = await client.get("/api/me", headers={"authorization": f"Bearer {session_id}"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "something inside" not in answer.text
    assert "something inside" in caplog.text
    assert session_id not in caplog.text


TRIED: dict[str, tuple[str, dict[str, str], bytes, str]] = {
    "a form of another site": ("/login", {"origin": "https://evil.example"}, b"", "csrf"),
    "a body that is none": ("/api/login", {"content-type": "application/json"}, b"{", "invalid_body"),
    "a form that poses as JSON": (
        "/api/login",
        {"content-type": "text/plain"},
        GOOD,
        "unsupported_media_type",
    ),
    "a body without end": (
        "/api/login",
        {"content-type": "application/json"},
        b"x" * 40_000,
        "body_too_large",
    ),
    "a header that is none": ("/api/logout", {"authorization": "Bearer"}, b"", "invalid_request"),
}


@pytest.mark.parametrize(("path", "headers", "body", "code"), TRIED.values(), ids=TRIED)
async def test_who_tries_something_leaves_a_line_with_the_address(
    world: World,
    caplog: pytest.LogCaptureFixture,
    path: str,
    headers: dict[str, str],
    body: bytes,
    code: str,
) -> None:
    caplog.set_level("INFO", logger="gatepass.server")
    async with world.client() as client:
        await client.post(path, headers=headers, content=body)
        await client.get("/api/me")  # the twin: nobody is logged in, which is nothing to tell
    lines = [record.getMessage() for record in caplog.records if record.name == "gatepass.server"]
    assert lines == [f"POST {path} refused: {code} user=nobody address=127.0.0.1"]


async def test_no_secret_is_ever_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with world.client() as client:
        session_id = await world.session(client)
        tokens = await world.tokens(client)
        await client.post("/api/login", json={"email": "ann@example.org", "password": "a wrong secret"})
        for _ in range(2):
            await client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
            world.now += 60
        await client.get("/api/me", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert "login_refused" in caplog.text
    assert "refresh_reused" in caplog.text
    secrets = (session_id, tokens["access_token"], tokens["refresh_token"], "a wrong secret", "correct horse")
    assert not [secret for secret in secrets if secret in caplog.text]
