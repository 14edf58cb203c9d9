"""Plain WSGI: what the middleware does beyond what every adapter does."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from tests.unit.verifier.services.passes import Passes
from tests.unit.verifier.services.talking import ask_wsgi

from gatepass.verifier import Forbidden, Guard, role, wsgi
from gatepass.verifier.wsgi import PRINCIPAL, AnswerRefusals, GatepassMiddleware, request_head

GOOD = {"Authorization": "Bearer good"}


def who(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ[PRINCIPAL].subject.encode()]


def guarded(app: WSGIApplication, **options: Any) -> Any:
    return partial(ask_wsgi, GatepassMiddleware(app, guard=Guard(Passes()), **options))


def test_the_middleware_lets_in_who_has_a_pass() -> None:
    ask = guarded(who)
    assert ask("GET", "/", GOOD).body == b"ada"
    assert ask("GET", "/", {}).status == 401


def test_the_middleware_demands_what_it_was_told() -> None:
    assert guarded(who, requires=(role("doctor"),))("GET", "/", GOOD).status == 200
    assert guarded(who, requires=(role("admin"),))("GET", "/", GOOD).status == 403


def test_a_generator_that_refuses_before_it_says_a_word_is_answered() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        raise Forbidden("role", "admin")
        yield b""

    reply = guarded(app)("GET", "/", GOOD)
    assert (reply.status, reply.headers["content-type"]) == (403, "application/problem+json")


def test_a_generator_is_closed_with_the_answer() -> None:
    closed: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        try:
            start_response("200 OK", [("Content-Type", "text/plain")])
            yield b"one"
            yield b"two"
        finally:
            closed.append("closed")

    answer = GatepassMiddleware(app, guard=Guard(Passes()))(
        {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer good"}, lambda *_: lambda _: None
    )
    assert next(iter(answer)) == b"one"
    answer.close()  # type: ignore[attr-defined]
    assert closed == ["closed"]


def test_whatever_is_no_generator_is_handed_on_as_it_is() -> None:
    file = [b"a file that the server sends its own way"]
    app = AnswerRefusals(lambda *_: file, guard=Guard(Passes()))
    assert app({"REQUEST_METHOD": "GET"}, lambda *_: lambda _: None) is file


def test_a_guard_does_not_rely_on_what_another_guard_has_checked() -> None:
    first, second = Passes(), Passes(audience="billing")
    environ = {"REQUEST_METHOD": "GET", "HTTP_AUTHORIZATION": "Bearer good"}
    guards = Guard(first), Guard(second)
    for guard in (*guards, guards[1]):
        wsgi.user(environ, guard)
    assert (first.checked, second.checked) == (["good"], ["good"])


def test_a_header_cannot_pass_for_what_the_guard_noted() -> None:
    # A client's headers all begin with HTTP_, so none of them can name a user.
    assert guarded(who)("GET", "/", {"Gatepass.Principal": "ada"}).status == 401


@pytest.mark.parametrize(
    ("name", "header"), [("HTTP_SEC_FETCH_SITE", b"sec-fetch-site"), ("HTTP_COOKIE", b"cookie")]
)
def test_headers_are_named_as_the_guard_knows_them(name: str, header: bytes) -> None:
    head = request_head({"REQUEST_METHOD": "POST", name: "x", "CONTENT_TYPE": "y", "PATH_INFO": "/"})
    assert head.method == "POST"
    assert list(head.headers) == [(header, b"x")]
