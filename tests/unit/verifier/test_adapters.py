"""Every adapter, with the real framework: the same questions get the same answers."""

import json
from collections.abc import Mapping

import flask
import pytest
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views import View
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.unit.verifier.services.frameworks import SERVICES, service
from tests.unit.verifier.services.passes import Passes
from tests.unit.verifier.services.sockets import echo
from tests.unit.verifier.services.talking import ask_asgi, ask_wsgi, live

from gatepass.verifier import Bearer, Cookie, Forbidden, Freshness, PassMissing
from gatepass.verifier.adapters.django import Gate as DjangoGate
from gatepass.verifier.adapters.django_middleware import NOT_IN_MIDDLEWARE
from gatepass.verifier.adapters.flask import Gate as FlaskGate
from gatepass.verifier.adapters.starlette import Gate as StarletteGate

ORIGIN = "https://clinic.example"
WAYS = (Bearer(), Cookie("pass", origins=frozenset({ORIGIN})))
REALM = 'Bearer realm="clinic"'
FORBIDDEN = f'{REALM}, error="insufficient_scope"'

LET_IN: dict[str, tuple[str, str, Mapping[str, str], str]] = {
    "nobody, where anybody may": ("GET", "/open", {}, "nobody"),
    "who is known, where anybody may": ("GET", "/open", {"Authorization": "Bearer good"}, "ada"),
    "another scheme, where anybody may": ("GET", "/open", {"Authorization": "Basic YTpi"}, "nobody"),
    "who is asked for": ("GET", "/me", {"Authorization": "Bearer good"}, "ada"),
    "who has a pass, by decorator": ("GET", "/user", {"Authorization": "Bearer good"}, "ada"),
    "a permission": ("GET", "/appointments", {"Authorization": "Bearer good"}, "ada"),
    "a permission, to write": ("POST", "/bookings", {"Authorization": "Bearer writer"}, "ada"),
    "a role": ("GET", "/doctors", {"Authorization": "Bearer good"}, "ada"),
    "a scope": ("GET", "/profile", {"Authorization": "Bearer good"}, "ada"),
    "all of several": ("GET", "/both", {"Authorization": "Bearer writer"}, "ada"),
    "a fresh login": ("GET", "/payment", {"Authorization": "Bearer good"}, "ada"),
    "a login of long ago, where that is enough": ("GET", "/me", {"Authorization": "Bearer old-login"}, "ada"),
    "a cookie": ("GET", "/me", {"Cookie": "theme=dark; pass=good"}, "ada"),
    "a cookie that reads, from anywhere": (
        "GET",
        "/appointments",
        {"Cookie": "pass=good", "Origin": "https://evil.example"},
        "ada",
    ),
    "a cookie from our own page": ("POST", "/bookings", {"Cookie": "pass=writer", "Origin": ORIGIN}, "ada"),
    "a cookie of the same origin": (
        "POST",
        "/bookings",
        {"Cookie": "pass=writer", "Sec-Fetch-Site": "same-origin"},
        "ada",
    ),
    "a header from another site": (
        "POST",
        "/bookings",
        {"Authorization": "Bearer writer", "Origin": "https://evil.example"},
        "ada",
    ),
}

REFUSED: dict[str, tuple[str, str, Mapping[str, str], int, str, str | None]] = {
    "nobody": ("GET", "/me", {}, 401, "unauthenticated", REALM),
    "nobody, by decorator": ("GET", "/appointments", {}, 401, "unauthenticated", REALM),
    "a pass that fails": (
        "GET",
        "/me",
        {"Authorization": "Bearer forged"},
        401,
        "invalid_token",
        f'{REALM}, error="invalid_token"',
    ),
    "a pass that fails, where anybody may": (
        "GET",
        "/open",
        {"Authorization": "Bearer forged"},
        401,
        "invalid_token",
        f'{REALM}, error="invalid_token"',
    ),
    "no such permission": (
        "POST",
        "/bookings",
        {"Authorization": "Bearer good"},
        403,
        "insufficient_scope",
        FORBIDDEN,
    ),
    "no such role": (
        "GET",
        "/admins",
        {"Authorization": "Bearer good"},
        403,
        "insufficient_scope",
        FORBIDDEN,
    ),
    "no such scope": (
        "GET",
        "/mail",
        {"Authorization": "Bearer good"},
        403,
        "insufficient_scope",
        f'{FORBIDDEN}, scope="mail"',
    ),
    "one of several": (
        "GET",
        "/both",
        {"Authorization": "Bearer good"},
        403,
        "insufficient_scope",
        FORBIDDEN,
    ),
    "a login of long ago, RFC 9470 §3": (
        "GET",
        "/payment",
        {"Authorization": "Bearer old-login"},
        401,
        "insufficient_user_authentication",
        f'{REALM}, error="insufficient_user_authentication", max_age="300"',
    ),
    "what the user may do has changed": (
        "GET",
        "/me",
        {"Authorization": "Bearer stale"},
        401,
        "token_stale",
        f'{REALM}, error="invalid_token", error_description="token_stale"',
    ),
    "nobody can tell": ("GET", "/me", {"Authorization": "Bearer down"}, 503, "unavailable", None),
    "a cookie from another site": (
        "POST",
        "/bookings",
        {"Cookie": "pass=writer", "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
        403,
        "csrf",
        None,
    ),
    "a cookie from who knows where": ("POST", "/bookings", {"Cookie": "pass=writer"}, 403, "csrf", None),
    "two cookies": (
        "GET",
        "/me",
        {"Cookie": "pass=good; pass=writer"},
        400,
        "invalid_request",
        f'{REALM}, error="invalid_request"',
    ),
    "two passes in one header": (
        "GET",
        "/me",
        {"Authorization": "Bearer good,Bearer good"},
        400,
        "invalid_request",
        f'{REALM}, error="invalid_request"',
    ),
}

every_framework = pytest.mark.parametrize("framework", SERVICES)


@every_framework
@pytest.mark.parametrize(("method", "path", "headers", "who"), LET_IN.values(), ids=LET_IN)
def test_lets_in(framework: str, method: str, path: str, headers: Mapping[str, str], who: str) -> None:
    reply = service(framework, Passes(), carry=WAYS)(method, path, headers)
    assert (reply.status, reply.text) == (200, who)


@every_framework
@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "code", "challenge"), REFUSED.values(), ids=REFUSED
)
def test_refuses(
    framework: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    status: int,
    code: str,
    challenge: str | None,
) -> None:
    reply = service(framework, Passes(), carry=WAYS)(method, path, headers)
    problem = json.loads(reply.body)
    assert (reply.status, problem["status"], problem["code"]) == (status, status, code)
    assert reply.headers.get("www-authenticate") == challenge
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.headers.get("retry-after") == ("7" if status == 503 else None)


@every_framework
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer down"}], ids=["401", "503"])
def test_a_refused_head_has_the_headers_and_no_body(framework: str, headers: Mapping[str, str]) -> None:
    ask = service(framework, Passes())
    head, get = ask("HEAD", "/user", headers), ask("GET", "/user", headers)
    assert head.body == b""
    assert head.status == get.status
    assert head.headers["content-length"] == get.headers["content-length"] != "0"


@every_framework
def test_one_request_is_checked_once_and_as_fresh_as_asked(framework: str) -> None:
    passes, terms = Passes(), Freshness(max_staleness=7, on_stale="ask")
    reply = service(framework, passes, freshness=terms)("GET", "/both", {"Authorization": "Bearer writer"})
    assert reply.status == 200
    assert passes.checked == ["writer"]
    assert passes.freshness == [terms]


def test_flask_guards_async_views() -> None:
    gate, app = FlaskGate(Passes()), flask.Flask(__name__)
    gate.install(app)

    @app.get("/user")
    @gate.require("appointments:read")
    async def user() -> str:
        return gate.current_user().subject

    assert ask_wsgi(app, "GET", "/user", {"Authorization": "Bearer good"}).text == "ada"
    assert ask_wsgi(app, "GET", "/user", {"Authorization": "Bearer nothing"}).status == 403


def test_starlette_guards_the_methods_of_an_endpoint() -> None:
    gate = StarletteGate(Passes())

    class User(HTTPEndpoint):
        @gate.require("appointments:read")
        async def get(self, request: Request) -> PlainTextResponse:
            return PlainTextResponse((await gate.current_user(request)).subject)

    app = Starlette(routes=[Route("/user", User)])
    gate.install(app)
    assert ask_asgi(app, "GET", "/user", {"Authorization": "Bearer good"}).text == "ada"
    assert ask_asgi(app, "GET", "/user", {"Authorization": "Bearer nothing"}).status == 403


def test_django_guards_the_views_of_a_class() -> None:
    gate = DjangoGate(Passes())

    class User(View):
        @method_decorator(gate.require("appointments:read"))
        def get(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse(gate.current_user(request).subject)

    request = HttpRequest()
    request.method, request.META = "GET", {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer good"}
    answer = User.as_view()(request)
    assert isinstance(answer, HttpResponse)
    assert answer.content == b"ada"
    request.META = {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer nothing"}
    with pytest.raises(Forbidden):
        User.as_view()(request)


async def test_django_is_told_what_is_missing_where_nobody_answers_refusals() -> None:
    gate = DjangoGate(Passes())
    request = HttpRequest()
    request.META = {"REQUEST_METHOD": "GET"}
    for _ in range(2):
        with pytest.raises(PassMissing) as refused:
            gate.current_user(request)
        assert refused.value.__notes__ == [NOT_IN_MIDDLEWARE]
        with pytest.raises(PassMissing) as refused:
            await gate.acurrent_user(request)
        assert refused.value.__notes__ == [NOT_IN_MIDDLEWARE]
    gate(lambda request: HttpResponse())  # what Django does with MIDDLEWARE
    with pytest.raises(PassMissing) as refused:
        gate.current_user(request)
    assert not hasattr(refused.value, "__notes__")


def test_django_keeps_the_errors_that_are_not_ours() -> None:
    middleware = DjangoGate(Passes())(lambda request: HttpResponse())
    assert middleware.process_exception(HttpRequest(), ValueError()) is None


@pytest.mark.parametrize("framework", ["starlette", "fastapi", "litestar"])
async def test_the_verifier_begins_and_ends_with_the_app(framework: str) -> None:
    passes = Passes()
    assert await live(echo(framework, passes)) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (passes.began, passes.closed) == (1, 1)
