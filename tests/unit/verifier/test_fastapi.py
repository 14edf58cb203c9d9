"""The FastAPI adapter, beyond what every adapter does: its document, CORS, the app's life."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from tests.unit.verifier.services.talking import live
from tests.unit.verifier.world import Clock, Network, network, token, until, verifier

from gatepass.verifier import Bearer, Carry, Cookie, Follower, Principal
from gatepass.verifier.adapters.fastapi import Gate
from gatepass.verifier.asgi import AnswerRefusals, user

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


async def test_a_forbidden_route_says_what_it_needs(http: httpx.AsyncClient) -> None:
    answer = await http.post("/appointments", headers=bearer())
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "This needs the permission appointments:write."


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
        await user(scope, gate.guard)

    async with client(AnswerRefusals(app, guard=gate.guard)) as http:
        assert (await http.get("/")).status_code == 401
