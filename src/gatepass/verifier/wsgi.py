"""The guard for plain WSGI: one middleware answers refusals, one lets nobody in without a pass."""

from __future__ import annotations

import sys
from collections.abc import Generator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from gatepass.verifier.carry import RequestHead
from gatepass.verifier.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, MutableMapping
    from typing import Any
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from gatepass.verifier.guard import Guard
    from gatepass.verifier.principal import Principal
    from gatepass.verifier.require import Requirement

PRINCIPAL: Final = "gatepass.principal"
"""Where in the environ the Principal is."""
_GUARD: Final = "gatepass.guard"


def user_or_none(environ: MutableMapping[str, Any], guard: Guard) -> Principal | None:
    """Give who sends the request, and note it in the environ; None without a pass.

    A guard checks a request once, however often it is asked. Raises `Refused`.
    """
    if not _is_checked(environ, guard):
        _note(environ, guard, guard.user_or_none_waiting(request_head(environ)))
    return cast("Principal | None", environ[PRINCIPAL])


async def auser_or_none(environ: MutableMapping[str, Any], guard: Guard) -> Principal | None:
    """Do the same in an async app that is given an environ all the same, as Django's views are."""
    if not _is_checked(environ, guard):
        _note(environ, guard, await guard.user_or_none(request_head(environ)))
    return cast("Principal | None", environ[PRINCIPAL])


def user(environ: MutableMapping[str, Any], guard: Guard, *requirements: Requirement) -> Principal:
    """Give who sends the request, if they hold everything that is required. Raises `Refused`."""
    return guard.demand(user_or_none(environ, guard), *requirements)


def request_head(environ: Mapping[str, Any]) -> RequestHead:
    """Take out of a WSGI environ what a guard needs; the query string is not part of it.

    A server joins a header that came twice with a comma, which no pass and no cookie of ours can hold: the
    guard refuses it.
    """
    headers = [
        (name[5:].replace("_", "-").lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    return RequestHead(environ["REQUEST_METHOD"], headers)


class AnswerRefusals:
    """Answers a `Refused` raised by the app below.

    It asks for no pass by itself; that is for the routes to do (see `adapters`), or for `GatepassMiddleware`.
    The verifier begins with the first check, in each process of a server that forks.
    """

    def __init__(self, app: WSGIApplication, *, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        try:
            body = self.serve(environ, start_response)
        except Refused as refusal:
            return self._answer(refusal, environ, start_response)
        # A generator has not run yet. All else is handed on as it is: a server sends a file its own way.
        return self._rest(body, environ, start_response) if isinstance(body, Generator) else body

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Hand the request to the app."""
        return self.app(environ, start_response)

    def _rest(
        self, body: Iterable[bytes], environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        try:
            yield from body
        except Refused as refusal:
            yield from self._answer(refusal, environ, start_response)

    def _answer(
        self, refusal: Refused, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        answer = self.guard.answer(refusal).to(environ["REQUEST_METHOD"])
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        # With the error, it may replace what the app has begun; once something is sent, the server raises it.
        start_response(status, list(answer.headers), sys.exc_info())
        return [answer.body]


class GatepassMiddleware(AnswerRefusals):
    """Lets a request through only with a pass that holds; the environ's `gatepass.principal` says whose.

    Put CORS outside of it: a preflight carries no pass.
    """

    def __init__(self, app: WSGIApplication, *, guard: Guard, requires: tuple[Requirement, ...] = ()) -> None:
        super().__init__(app, guard=guard)
        self.requires = requires

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Check the pass, then hand the request to the app."""
        user(environ, self.guard, *self.requires)
        return self.app(environ, start_response)


def _is_checked(environ: Mapping[str, Any], guard: Guard) -> bool:
    return environ.get(_GUARD) is guard  # another guard may want more of the same pass


def _note(environ: MutableMapping[str, Any], guard: Guard, found: Principal | None) -> None:
    environ[PRINCIPAL], environ[_GUARD] = found, guard
