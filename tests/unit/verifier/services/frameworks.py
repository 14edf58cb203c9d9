"""One and the same Service in each framework."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import fastapi
import flask
import litestar
from litestar.di import NamedDependency, Provide
from litestar.handlers import HTTPRouteHandler
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.unit.verifier.services import django_service
from tests.unit.verifier.services.demanding import REQUIREMENTS, demands, named
from tests.unit.verifier.services.talking import Reply, ask_asgi, ask_wsgi

from gatepass.verifier import Bearer, Carry, Freshness, Guard, PassVerifier, Principal, asgi, wsgi
from gatepass.verifier.adapters.django import Gate as DjangoGate
from gatepass.verifier.adapters.fastapi import Gate as FastApiGate
from gatepass.verifier.adapters.flask import Gate as FlaskGate
from gatepass.verifier.adapters.litestar import Gate as LitestarGate
from gatepass.verifier.adapters.starlette import Gate as StarletteGate
from gatepass.verifier.freshness import DEFAULT

Ask: TypeAlias = Callable[[str, str, Mapping[str, str]], Reply]
"""Method, path and headers of a request."""

METHODS: Final = ["GET", "HEAD", "POST"]


def asgi_app(guard: Guard) -> asgi.App:
    """Serve the routes by hand."""

    async def app(scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        path = scope["path"]
        if path == "/open":
            user = await asgi.user_or_none(scope, guard)
        else:
            user = await asgi.user(scope, guard, *REQUIREMENTS.get(path, ()))
        await PlainTextResponse(named(user))(scope, receive, send)

    return asgi.AnswerRefusals(app, guard=guard)


def wsgi_app(guard: Guard) -> WSGIApplication:
    """Serve the routes by hand."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/open":
            user = wsgi.user_or_none(environ, guard)
        else:
            user = wsgi.user(environ, guard, *REQUIREMENTS.get(path, ()))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [named(user).encode()]

    return wsgi.AnswerRefusals(app, guard=guard)


def starlette_app(gate: StarletteGate) -> Starlette:
    async def open_to_all(request: Request) -> PlainTextResponse:
        return PlainTextResponse(named(await gate.optional_user(request)))

    async def me(request: Request) -> PlainTextResponse:
        return PlainTextResponse(named(await gate.current_user(request)))

    def waiting(request: Request) -> PlainTextResponse:
        return PlainTextResponse(named(request.scope[asgi.PRINCIPAL]))

    routes = [Route("/open", open_to_all), Route("/me", me)]
    routes += [Route(path, demand(waiting), methods=METHODS) for path, demand in demands(gate).items()]
    app = Starlette(routes=routes)
    gate.install(app)
    return app


def fastapi_app(gate: FastApiGate) -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    gate.install(app)

    async def open_to_all(user: Annotated[Principal | None, fastapi.Depends(gate.optional_user)]) -> str:
        return named(user)

    async def me(user: Annotated[Principal, fastapi.Depends(gate.current_user)]) -> str:
        return named(user)

    app.add_api_route("/open", open_to_all)
    app.add_api_route("/me", me, methods=METHODS)
    for path, demand in demands(gate).items():
        app.add_api_route(path, me, methods=METHODS, dependencies=[fastapi.Depends(demand)])
    return app


def litestar_app(gate: LitestarGate) -> litestar.Litestar:
    async def open_to_all(user: NamedDependency[Principal | None]) -> str:
        return named(user)

    async def me(user: NamedDependency[Principal]) -> str:
        return named(user)

    current: dict[str, Any] = {"dependencies": {"user": Provide(gate.current_user)}, "status_code": 200}
    methods: dict[str, Any] = {"http_method": ["GET", "POST"]}
    optional = {"user": Provide(gate.optional_user)}
    routes = [HTTPRouteHandler("/open", http_method="GET", dependencies=optional)(open_to_all)]
    routes += [HTTPRouteHandler("/me", **methods, **current)(me)]
    for path, demand in demands(gate).items():
        routes += [HTTPRouteHandler(path, **methods, **current, guards=[demand])(me)]
        routes += [litestar.head(path, **current, guards=[demand])(nothing)]
    return litestar.Litestar(routes, plugins=[gate], logging_config=None)


async def nothing(user: NamedDependency[Principal]) -> None: ...


def flask_app(gate: FlaskGate) -> flask.Flask:
    app = flask.Flask(__name__)
    gate.install(app)

    def me() -> str:
        return named(gate.current_user())

    app.add_url_rule("/open", "open", lambda: named(gate.optional_user()))
    app.add_url_rule("/me", "me", me, methods=METHODS)
    for path, demand in demands(gate).items():
        app.add_url_rule(path, path[1:], demand(me), methods=METHODS)
    return app


def _asgi(verifier: PassVerifier, **ways: Any) -> Ask:
    return partial(ask_asgi, asgi_app(Guard(verifier, **ways)))


def _wsgi(verifier: PassVerifier, **ways: Any) -> Ask:
    return partial(ask_wsgi, wsgi_app(Guard(verifier, **ways)))


SERVICES: Final[dict[str, Callable[..., Ask]]] = {
    "asgi": _asgi,
    "wsgi": _wsgi,
    "starlette": lambda *a, **ways: partial(ask_asgi, starlette_app(StarletteGate(*a, **ways))),
    "fastapi": lambda *a, **ways: partial(ask_asgi, fastapi_app(FastApiGate(*a, **ways))),
    "litestar": lambda *a, **ways: partial(ask_asgi, litestar_app(LitestarGate(*a, **ways))),  # type: ignore[arg-type]
    "flask": lambda *a, **ways: partial(ask_wsgi, flask_app(FlaskGate(*a, **ways))),
    "django": lambda *a, **ways: partial(ask_wsgi, django_service.sync_app(DjangoGate(*a, **ways))),
    "django async": lambda *a, **ways: partial(ask_asgi, django_service.async_app(DjangoGate(*a, **ways))),
    "django mixed": lambda *a, **ways: partial(ask_asgi, django_service.mixed_app(DjangoGate(*a, **ways))),
}
"""Each makes the Service of a verifier, and of how a pass is carried and how fresh the view must be."""


def service(
    framework: str,
    verifier: PassVerifier,
    *,
    carry: tuple[Carry, ...] = (Bearer(),),
    freshness: Freshness = DEFAULT,
) -> Ask:
    """Make the Service in that framework."""
    return SERVICES[framework](verifier, carry=carry, freshness=freshness)
