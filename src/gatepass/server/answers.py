"""Answers, and the one table that says which status and words each problem has (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from gatepass.oauth import challenge
from gatepass.server.request_id import REQUEST_ID

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Header = tuple[bytes, bytes]

ANSWER: Final = "gatepass.answer"
"""A message between us and the outer layer (`headers.Frame`): an answer that is all there."""

_JSON: Final = (b"content-type", b"application/json")
_PROBLEM_JSON: Final = (b"content-type", b"application/problem+json")
_ENCODER: Final = msgspec.json.Encoder()


class Answer(msgspec.Struct, frozen=True):
    """A whole answer: status, body and the headers that only it has."""

    status: int
    body: bytes
    headers: tuple[Header, ...]

    async def send(self, send: Send) -> None:
        """Hand it to the outer layer, which adds the headers that every answer has."""
        await send({"type": ANSWER, "answer": self})

    def __repr__(self) -> str:
        return f"Answer({self.status})"


NO_CONTENT: Final = Answer(204, b"", ())


class Sendable(Protocol):
    """An answer that is all there, or one that comes in pieces."""

    async def send(self, send: Send) -> None:
        """Send it."""
        ...


class Answering(Protocol):
    """What answers the requests to one path."""

    async def answer(self, scope: Scope, receive: Receive) -> Sendable | None:
        """Make the answer to one request; None: its client is gone."""
        ...


def json_bytes(body: bytes) -> Answer:
    """Answer with JSON that is already written."""
    return Answer(200, body, (_JSON,))


def json_struct(struct: msgspec.Struct, *, status: int = 200, headers: tuple[Header, ...] = ()) -> Answer:
    """Answer with a message."""
    return Answer(status, _ENCODER.encode(struct), (_JSON, *headers))


def see_other(location: str, *headers: Header) -> Answer:
    """Send the browser elsewhere with GET (RFC 9110 §15.4.4); the location is checked by the caller."""
    return Answer(303, b"", ((b"location", location.encode("ascii")), *headers))


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong (RFC 9457); a program reads `code`, a person `detail`."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    """The member of the request that is meant, where one is."""
    retry_after: int | None = None
    """Seconds to wait, where waiting helps; the same as the Retry-After header."""
    request_id: str | None = None
    """What the log calls this request; the same as the X-Request-ID header."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A row of the table: the status, and what a person is told."""

    status: int
    detail: str


PROBLEMS: Final[dict[str, Problem]] = {
    "malformed_request": Problem(400, "This is no HTTP request."),
    "invalid_body": Problem(400, "The body is not what this operation takes."),
    "invalid_request": Problem(400, "Malformed: check the query and the Authorization header."),
    "unauthenticated": Problem(401, "Log in first, or send the pass as 'Authorization: Bearer …'."),
    "invalid_token": Problem(401, "The pass does not hold (any more). Renew it or log in again."),
    "login_refused": Problem(401, "E-mail address or password is wrong."),
    "refresh_refused": Problem(401, "This can't be renewed (any more). Log in again."),
    "password_refused": Problem(403, "The current password is wrong."),
    "csrf": Problem(403, "With a cookie, a request must come from Auth's own or a configured origin."),
    "insufficient_scope": Problem(403, "The pass holds, but does not permit this."),
    "registration_closed": Problem(403, "Registration is closed here. Ask the administrator for an account."),
    "not_found": Problem(404, "There is no such thing here."),
    "method_not_allowed": Problem(405, "This address does not take that method; see the Allow header."),
    "email_taken": Problem(409, "This e-mail address has an account already."),
    "renewal_too_early": Problem(409, "The access token still holds; renew it when it has expired."),
    "link_refused": Problem(410, "This link does not work (any more): used, replaced, or over."),
    "body_too_large": Problem(413, "The body is too large."),
    "unsupported_media_type": Problem(415, "Send the body as application/json."),
    "invalid_input": Problem(422, "A value can't be accepted; `field` says which."),
    "too_many_attempts": Problem(429, "Too many attempts. Wait, then try again."),
    "headers_too_large": Problem(431, "The request has too much beside its body."),
    "internal": Problem(500, "Something went wrong on our side. It has been logged."),
    "busy": Problem(503, "Too much to do at this moment. Try again shortly."),
}


class Refused(Exception):
    """A request that gets a problem for an answer; the code is a row of `PROBLEMS`."""

    def __init__(
        self,
        code: str,
        *,
        detail: str | None = None,
        field: str | None = None,
        retry_after: float | None = None,
        headers: tuple[Header, ...] = (),
    ) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.field = field
        self.retry_after = None if retry_after is None else max(1, -int(-retry_after // 1))
        self.headers = headers

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEMS[self.code].status

    def answer(self) -> Answer:
        """Say it as problem details."""
        return Answer(self.status, _ENCODER.encode(self._details()), (_PROBLEM_JSON, *self.all_headers()))

    def all_headers(self) -> tuple[Header, ...]:
        """Give the headers that belong to the problem: challenge, Retry-After and its own."""
        headers = list(self.headers)
        if self.retry_after is not None:
            headers.append((b"retry-after", b"%d" % self.retry_after))
        if self.code in _CHALLENGES:
            headers.append((b"www-authenticate", _CHALLENGES[self.code]))
        return tuple(headers)

    def _details(self) -> ProblemDetails:
        problem = PROBLEMS[self.code]
        return ProblemDetails(
            type="about:blank",  # RFC 9457 §4.2.1: then the title is the status's own phrase
            title=HTTPStatus(problem.status).phrase,
            status=problem.status,
            code=self.code,
            detail=self.detail or problem.detail,
            field=self.field,
            retry_after=self.retry_after,
            request_id=REQUEST_ID.get(),
        )


# RFC 9110 §15.5.2: a 401 carries a challenge; RFC 6750 §3: without an error where there was no credential.
_CHALLENGES: Final[dict[str, bytes]] = {
    "unauthenticated": challenge(realm="gatepass").encode(),
    "login_refused": challenge(realm="gatepass").encode(),
    "refresh_refused": challenge(error="invalid_token", description="it can not be renewed").encode(),
    "invalid_token": challenge(error="invalid_token", description="the pass does not hold").encode(),
    "invalid_request": challenge(error="invalid_request").encode(),
    "insufficient_scope": challenge(error="insufficient_scope").encode(),
}
