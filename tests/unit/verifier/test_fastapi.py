"""The FastAPI adapter, with the real framework."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from tests.unit.verifier.services.talking import live
from tests.unit.verifier.world import AUDIENCE, ISSUER, Clock, Network, network, token, until, verifier

from gatepass.verifier import Bearer, Carry, Cookie, Follower, Freshness, Principal, Verifier, role
from gatepass.verifier.adapters.fastapi import Gate
from gatepass.verifier.asgi import AnswerRefusals, request_head
from gatepass.verifier.freshness import DEFAULT

BASE = "https://clinic.example"


def service(gate: Gate) -> FastAPI:
    app = FastAPI()
    gate.install(app)

    @app.get("/open")
    async def open_to_all(user: Annotated[Principal | None, Depends(gate.optional_user)]) -> str:
        return user.subject if user else "nobody"

    @app.get("/me")
    async def me(user: Annotated[Principal, Depends(gate.current_user)]) -> dict[str, str | None]:
        return {"subject": user.subject, "mode": user.mode, "name": user.name}

    @app.get("/appointments")
    async def appointments(user: Annotated[Principal, Depends(gate.require("appointments:read"))]) -> str:
        return user.subject

    @app.post("/appointments")
    async def book(user: Annotated[Principal, Depends(gate.require("appointments:write"))]) -> str:
        return user.subject

    @app.get("/doctors", dependencies=[Depends(gate.require_role("doctor"))])
    async def doctors() -> str:
        return "doctors"

    @app.get("/admins", dependencies=[Depends(gate.require_role("admin"))])
    async def admins() -> str:
        return "admins"

    @app.get("/profile", dependencies=[Depends(gate.require_scope("profile"))])
    async def profile() -> str:
        return "profile"

    @app.get("/mail", dependencies=[Depends(gate.require_scope("mail"))])
    async def mail() -> str:
        return "mail"

    @app.get("/both", dependencies=[Depends(gate.requires(role("doctor"), role("admin")))])
    async def both() -> str:
        return "both"

    return app


@pytest.fixture
def net() -> Network:
    return network()


@pytest.fixture
async def gate(net: Network, clock: Clock, follower: Follower) -> Gate:
    checks = verifier(net, clock, follower)
    await checks.ready()
    return Gate(checks)


def client(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)


@pytest.fixture
async def http(gate: Gate) -> AsyncIterator[httpx.AsyncClient]:
    async with client(service(gate)) as http:
        yield http


def bearer(**changes: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(**changes)}"}


async def test_the_current_user_is_the_one_of_the_pass(http: httpx.AsyncClient) -> None:
    answer = await http.get("/me", headers=bearer())
    assert answer.json() == {"subject": "ada", "mode": "token", "name": "Ada Lovelace"}


@pytest.mark.parametrize(
    ("path", "status", "challenge"),
    [
        ("/appointments", 200, None),
        ("/doctors", 200, None),
        ("/profile", 200, None),
        ("/admins", 403, 'Bearer realm="clinic", error="insufficient_scope"'),
        ("/mail", 403, 'Bearer realm="clinic", error="insufficient_scope", scope="mail"'),
        ("/both", 403, 'Bearer realm="clinic", error="insufficient_scope"'),
    ],
)
async def test_a_route_lets_in_who_holds_what_it_demands(
    http: httpx.AsyncClient, path: str, status: int, challenge: str | None
) -> None:
    answer = await http.get(path, headers=bearer())
    assert answer.status_code == status
    assert answer.headers.get("www-authenticate") == challenge


async def test_a_forbidden_route_says_what_it_needs(http: httpx.AsyncClient) -> None:
    answer = await http.post("/appointments", headers=bearer())
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "This needs the permission appointments:write."


@pytest.mark.parametrize("path", ["/me", "/appointments", "/doctors", "/profile", "/both"])
async def test_without_a_pass_each_guarded_route_is_401(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"


async def test_an_open_route_knows_who_is_there_and_refuses_a_pass_that_fails(
    http: httpx.AsyncClient,
) -> None:
    assert (await http.get("/open")).json() == "nobody"
    assert (await http.get("/open", headers=bearer())).json() == "ada"
    assert (await http.get("/open", headers=bearer(aud="billing"))).status_code == 401


async def test_a_refusal_carries_the_cors_headers_whichever_was_added_first(gate: Gate) -> None:
    before, after = FastAPI(), FastAPI()
    before.add_middleware(CORSMiddleware, allow_origins=[BASE])
    for app in (before, after):
        gate.install(app)
        app.get("/me", dependencies=[Depends(gate.current_user)])(lambda: "me")
    after.add_middleware(CORSMiddleware, allow_origins=[BASE])
    for app in (before, after):
        async with client(app) as http:
            answer = await http.get("/me", headers={"Origin": BASE})
        assert answer.status_code == 401
        assert answer.headers["access-control-allow-origin"] == BASE


@pytest.mark.parametrize(
    ("carry", "schemes"),
    [
        ((Bearer(),), {"HTTPBearer": {"type": "http", "scheme": "bearer"}}),
        ((Cookie("pass"),), {"APIKeyCookie": {"type": "apiKey", "in": "cookie", "name": "pass"}}),
        (
            (Bearer(), Cookie("pass")),
            {
                "HTTPBearer": {"type": "http", "scheme": "bearer"},
                "APIKeyCookie": {"type": "apiKey", "in": "cookie", "name": "pass"},
            },
        ),
    ],
    ids=["bearer", "cookie", "both"],
)
async def test_the_openapi_document_shows_how_a_pass_is_carried(
    net: Network, clock: Clock, follower: Follower, carry: tuple[Carry, ...], schemes: dict[str, Any]
) -> None:
    document = service(Gate(verifier(net, clock, follower), carry=carry)).openapi()
    assert document["components"]["securitySchemes"] == schemes
    for path, method in [("/me", "get"), ("/appointments", "post"), ("/doctors", "get"), ("/open", "get")]:
        operation = document["paths"][path][method]
        assert operation["security"] == [{name: []} for name in schemes]
        assert "parameters" not in operation


async def test_a_cookie_works_through_the_adapter_with_its_csrf_check(
    net: Network, clock: Clock, follower: Follower
) -> None:
    checks = verifier(net, clock, follower)
    await checks.ready()
    app = service(Gate(checks, carry=(Cookie("pass", origins=frozenset({BASE})),)))
    pass_ = {"Cookie": f"pass={token(permissions=['appointments:write'])}"}
    async with client(app) as http:
        assert (await http.get("/me", headers=pass_)).status_code == 200
        assert (await http.post("/appointments", headers=pass_)).json()["code"] == "csrf"
        assert (await http.post("/appointments", headers={**pass_, "Origin": BASE})).status_code == 200


async def test_one_request_is_checked_once_however_many_dependencies_ask(gate: Gate) -> None:
    calls: list[str] = []

    class Counting(Verifier):
        async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
            calls.append(pass_text)
            return await gate.guard.verifier.check(pass_text, freshness=freshness)

    counted = Gate(Counting(issuer=ISSUER, audience=AUDIENCE))
    app = FastAPI()
    counted.install(app)

    @app.get(
        "/",
        dependencies=[Depends(counted.require_role("doctor")), Depends(counted.require("appointments:read"))],
    )
    async def root(user: Annotated[Principal, Depends(counted.current_user)]) -> str:
        return user.subject

    async with client(app) as http:
        assert (await http.get("/", headers=bearer())).json() == "ada"
    assert len(calls) == 1


async def test_the_verifier_begins_and_ends_with_the_app(
    net: Network, clock: Clock, follower: Follower
) -> None:
    said = await live(service(Gate(verifier(net, clock, follower))))
    assert said == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert net.made == 1
    await until(lambda: net.closed == 1)


async def test_an_app_starts_although_auth_is_not_there(
    clock: Clock, follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatepass.verifier.asgi.START_UP_WAIT", 0.05)
    app = service(Gate(verifier(Network(), clock, follower)))
    assert await live(app) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    async with client(app) as http:
        assert (await http.get("/me", headers=bearer())).status_code == 503
        assert (await http.get("/open")).status_code == 200


async def test_a_refusal_that_a_plain_app_raises_is_answered(gate: Gate) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await gate.guard.user(request_head(scope))

    async with client(AnswerRefusals(app, guard=gate.guard)) as http:
        assert (await http.get("/")).status_code == 401
