"""Attacks on a guarded service: each token or request has a twin without the attack, which is let in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from tests.unit.verifier.services.sockets import connected
from tests.unit.verifier.world import (
    AUDIENCE,
    ISSUER,
    KEY,
    NOW,
    Clock,
    Network,
    jwks,
    network,
    token,
    verifier,
)

from gatepass.jose import Key
from gatepass.verifier import Bearer, Cookie, Follower, Guard, Verifier, permission
from gatepass.verifier.asgi import PRINCIPAL, GatepassMiddleware

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gatepass.verifier.asgi import Message, Receive, Scope, Send

ORIGIN = "https://clinic.example"
COOKIE = Cookie("pass", origins=frozenset({ORIGIN}))
STRANGER = Key.generate("ES256", kid=KEY.kid)  # another key under the name of ours


async def who(scope: Scope, receive: Receive, send: Send) -> None:
    """Say whose request it is."""
    body = scope[PRINCIPAL].subject.encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def follower() -> Iterator[Follower]:
    own = Follower()
    yield own
    own.stop()


@pytest.fixture
async def checks(follower: Follower) -> Verifier:
    checks = verifier(network(), Clock(), follower)
    await checks.ready()
    return checks


@pytest.fixture
async def service(checks: Verifier) -> AsyncIterator[httpx.AsyncClient]:
    app = GatepassMiddleware(who, guard=Guard(checks, (Bearer(), COOKIE)))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def without(name: str) -> dict[str, Any]:
    return {name: None}


GOOD = token()  # one: every ES256 signature is another

TOKENS: dict[str, str] = {
    "id token as access token, typ JWT, RFC 8725 §3.11": token(typ="JWT"),
    "revocation list as access token": token(typ="revocations+jwt"),
    "wrong audience": token(aud="billing"),
    "audience as a prefix": token(aud="clinic-evil"),
    "audience as part of a text": token(aud="billing clinic"),
    "other issuer": token(iss="https://evil.example"),
    "issuer prefix match, GHSA-75c5-xw7c-p5pm": token(iss=ISSUER + ".evil.example"),
    "issuer with a slash more": token(iss=ISSUER + "/"),
    "expired this very second": token(exp=int(NOW)),
    "not valid yet": token(nbf=int(NOW) + 31),
    "issued in the future": token(iat=int(NOW) + 31),
    "no session, so it could not be taken back": token(**without("sid")),
    "no epoch": token(**without("epoch")),
    "no subject": token(**without("sub")),
    "no jti": token(**without("jti")),
    "no client": token(**without("client_id")),
    "no expiry": token(**without("exp")),
    "epoch is a text": token(epoch="3"),
    "epoch is true": token(epoch=True),
    "epoch is negative": token(epoch=-1),
    "roles are a text": token(roles="admin"),
    "permissions hold a number": token(permissions=[1]),
    "scope with a quote": token(scope='a"b'),
    "sub is empty": token(sub=""),
    "another key under our kid": token(STRANGER),
    "an unknown kid": token(Key.generate("ES256")),
    "an HMAC over our public key, CVE-2022-29217": token(
        Key.from_secret("HS256", KEY.public().to_pem(), kid=KEY.kid)
    ),
    "a good token and padding": token() + "==",
    "a good token with a bit changed": GOOD[:-2] + ("A" if GOOD[-2] != "A" else "B") + GOOD[-1:],
    "two segments": token().rpartition(".")[0],
    "no signature": token().rpartition(".")[0] + ".",
    "not a token": "x",
    "a session id": "gps_" + "A" * 43,
}

TWINS: dict[str, str] = {
    "as it is": token(),
    "typ in full, RFC 9068 §4": token(typ="application/at+jwt"),
    "one audience of several": token(aud=["billing", AUDIENCE]),
    "a second before the end": token(exp=int(NOW) + 1),
    "a clock 30 s ahead": token(nbf=int(NOW) + 30, iat=int(NOW) + 30),
    "no roles": token(**without("roles")),
    "an unknown claim": token(favourite_colour="green"),
}


@pytest.mark.parametrize("twin", TWINS)
async def test_a_token_without_the_attack_is_let_in(service: httpx.AsyncClient, twin: str) -> None:
    answer = await service.get("/", headers=bearer(TWINS[twin]))
    assert (answer.status_code, answer.text) == (200, "ada")


@pytest.mark.parametrize("attack", TOKENS)
async def test_a_token_with_the_attack_is_refused_with_one_and_the_same_answer(
    service: httpx.AsyncClient, attack: str
) -> None:
    answer = await service.get("/", headers=bearer(TOKENS[attack]))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="clinic", error="invalid_token"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "The pass does not hold. Renew it, or log in again.",
        "code": "invalid_token",
    }


async def test_a_good_token_does_not_open_the_door_for_a_bad_one_that_begins_like_it(
    service: httpx.AsyncClient,
) -> None:
    good = token()
    assert (await service.get("/", headers=bearer(good))).status_code == 200
    for bad in (good[:-1], good + "A", good + "=", good.upper(), good.replace(".", "..")):
        assert (await service.get("/", headers=bearer(bad))).status_code == 401
    assert (await service.get("/", headers=bearer(good))).status_code == 200


async def test_a_pass_in_the_query_string_is_ignored_rfc_9700_4_3_2(service: httpx.AsyncClient) -> None:
    for name in ("access_token", "token", "pass", "authorization"):
        answer = await service.get("/", params={name: token()})
        assert answer.json()["code"] == "unauthenticated"
        assert answer.headers["www-authenticate"] == 'Bearer realm="clinic"'
    assert (await service.get("/", params={"page": "2"}, headers=bearer(token()))).status_code == 200


async def test_a_pass_in_the_body_is_ignored(service: httpx.AsyncClient) -> None:
    answer = await service.post("/", data={"access_token": token()})
    assert answer.json()["code"] == "unauthenticated"


async def test_two_authorization_headers_are_refused(service: httpx.AsyncClient) -> None:
    good = token()
    for values in (
        [f"Bearer {good}"] * 2,
        [f"Bearer {good}", "Basic Zm9v"],
        ["Basic Zm9v", f"Bearer {good}"],
    ):
        answer = await service.get("/", headers=[("Authorization", value) for value in values])
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid_request"
    assert (await service.get("/", headers=[("Authorization", f"Bearer {good}")])).status_code == 200


@pytest.mark.parametrize(
    "credentials",
    ["Bearer GOOD GOOD", "Bearer GOOD, Bearer GOOD", "Bearer GOOD;", 'Bearer "GOOD"', "Bearer "],
)
async def test_a_malformed_header_is_400_rfc_6750_3_1(service: httpx.AsyncClient, credentials: str) -> None:
    answer = await service.get("/", headers={"Authorization": credentials.replace("GOOD", token())})
    assert answer.status_code == 400
    assert answer.headers["www-authenticate"] == 'Bearer realm="clinic", error="invalid_request"'


UNSAFE = ("POST", "PUT", "PATCH", "DELETE", "FROB")
FOREIGN: dict[str, dict[str, str]] = {
    "no Origin at all": {},
    "another origin": {"Origin": "https://evil.example"},
    "an origin that begins like ours": {"Origin": ORIGIN + ".evil.example"},
    "our origin over http": {"Origin": "http://clinic.example"},
    "our origin on another port": {"Origin": ORIGIN + ":8443"},
    "the null origin of a sandbox": {"Origin": "null"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "a sibling subdomain": {"Sec-Fetch-Site": "same-site"},
    "not from a page": {"Sec-Fetch-Site": "none"},
    "a Referer is no Origin": {"Referer": ORIGIN + "/page"},
}
OURS: dict[str, dict[str, str]] = {
    "our origin": {"Origin": ORIGIN},
    "same origin": {"Sec-Fetch-Site": "same-origin"},
    "both": {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"},
    "our page on another site of ours": {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("headers", FOREIGN)
async def test_a_cookie_with_an_unsafe_method_from_elsewhere_is_refused(
    service: httpx.AsyncClient, headers: str, method: str
) -> None:
    answer = await service.request(method, "/", headers={"Cookie": f"pass={token()}", **FOREIGN[headers]})
    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf"


@pytest.mark.parametrize("method", UNSAFE)
@pytest.mark.parametrize("headers", OURS)
async def test_a_cookie_with_an_unsafe_method_from_our_page_is_let_in(
    service: httpx.AsyncClient, headers: str, method: str
) -> None:
    answer = await service.request(method, "/", headers={"Cookie": f"pass={token()}", **OURS[headers]})
    assert answer.status_code == 200


async def test_a_cookie_with_a_safe_method_and_a_bearer_with_any_need_no_origin(
    service: httpx.AsyncClient,
) -> None:
    assert (await service.get("/", headers={"Cookie": f"pass={token()}"})).status_code == 200
    assert (await service.post("/", headers=bearer(token()))).status_code == 200
    assert (
        await service.post("/", headers={**bearer(token()), "Origin": "https://app.example"})
    ).status_code == 200


async def test_two_origins_are_no_origin(service: httpx.AsyncClient) -> None:
    headers = [("Cookie", f"pass={token()}"), ("Origin", ORIGIN), ("Origin", ORIGIN)]
    assert (await service.post("/", headers=headers)).status_code == 403


@pytest.mark.parametrize(
    "cookies", [["pass=GOOD; pass=evil"], ["pass=evil; pass=GOOD"], ["pass=GOOD", "pass=evil"]]
)
async def test_a_planted_second_cookie_is_refused(service: httpx.AsyncClient, cookies: list[str]) -> None:
    headers = [("Cookie", cookie.replace("GOOD", token())) for cookie in cookies]
    assert (await service.get("/", headers=headers)).status_code == 400
    assert (await service.get("/", headers={"Cookie": f"other=evil; pass={token()}"})).status_code == 200


@pytest.mark.parametrize("name", ["PASS", "xpass", "__Host-pass", "pas"])
async def test_a_cookie_of_another_name_is_no_pass(checks: Verifier, name: str) -> None:
    app = GatepassMiddleware(who, guard=Guard(checks, (Cookie("pass"),)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        answer = await client.get("/", headers={"Cookie": f"{name}={token()}"})
        assert answer.json()["code"] == "unauthenticated"
        assert (await client.get("/", headers={"Cookie": f"pass={token()}"})).status_code == 200


async def test_a_bearer_is_no_pass_where_only_cookies_are_taken(checks: Verifier) -> None:
    app = GatepassMiddleware(who, guard=Guard(checks, (COOKIE,)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        assert (await client.get("/", headers=bearer(token()))).status_code == 401


async def test_a_shared_secret_in_the_published_set_is_never_a_key(follower: Follower) -> None:
    secret = Key.from_secret("HS256", b"published for all to read, alas!", kid="shared")
    published = {"keys": [*json.loads(jwks(KEY))["keys"], secret.to_private_jwk()]}
    net = network()
    net.answers[f"{ISSUER}/.well-known/jwks.json"] = msgspec.json.encode(published)
    checks = verifier(net, Clock(), follower)
    await checks.ready()
    app = GatepassMiddleware(who, guard=Guard(checks))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        assert (await client.get("/", headers=bearer(token(secret)))).status_code == 401
        assert (await client.get("/", headers=bearer(token()))).status_code == 200


async def test_while_there_are_no_keys_the_answer_is_503_and_says_when_to_come_again(
    follower: Follower,
) -> None:
    app = GatepassMiddleware(who, guard=Guard(verifier(Network(), Clock(), follower)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        answer = await client.get("/", headers=bearer(token()))
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert "www-authenticate" not in answer.headers
    assert answer.json()["code"] == "unavailable"


@pytest.mark.parametrize(("needed", "status"), [("appointments:read", 200), ("appointments:write", 403)])
async def test_a_middleware_may_demand_a_permission(checks: Verifier, needed: str, status: int) -> None:
    app = GatepassMiddleware(who, guard=Guard(checks), requires=(permission(needed),))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as client:
        assert (await client.get("/", headers=bearer(token()))).status_code == status


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, {"type": "websocket.close", "code": 1008, "reason": "unauthenticated"}),
        (bearer(token(aud="billing")), {"type": "websocket.close", "code": 1008, "reason": "invalid_token"}),
        (bearer(token()), {"type": "websocket.accept"}),
    ],
    ids=["no pass", "one for another service", "a good one"],
)
async def test_a_web_socket_does_not_slip_past_the_middleware(
    checks: Verifier, headers: dict[str, str], said: Message
) -> None:
    async def accept(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    async with connected(GatepassMiddleware(accept, guard=Guard(checks)), headers, denials=False) as client:
        assert await client.hear() == said
        await client.ended()


async def test_a_refusal_to_a_head_request_has_no_body(service: httpx.AsyncClient) -> None:
    answer = await service.head("/")
    assert (answer.status_code, answer.content) == (401, b"")
    assert int(answer.headers["content-length"]) > 0


async def test_one_request_cannot_change_what_the_next_one_sees(checks: Verifier) -> None:
    good = token(nested={"list": [1, {"deep": 2}]})
    claims = (await checks.check(good)).claims
    with pytest.raises(TypeError):
        claims["sub"] = "eve"  # type: ignore[index]
    assert isinstance(claims["roles"], tuple)
    with pytest.raises(TypeError):
        claims["nested"]["list"] = []  # type: ignore[index]
    assert claims["nested"]["list"][1]["deep"] == 2  # type: ignore[index]
