"""A row of the route table: one method on one path, what it takes, what it gives, how it can fail.

Routing, authorisation, decoding and the OpenAPI document all read the same rows.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gatepass.auth import AuthError
from gatepass.server.answers import NO_CONTENT, Answer, Refused, json_struct
from gatepass.server.credentials import authorise, authorise_bearer, authorise_session
from gatepass.server.headers import SAME_ORIGIN_ALONE
from gatepass.server.limits import ClientGone
from gatepass.server.refusals import refusal_of
from gatepass.server.request import Call, named_field
from gatepass.server.streams import Stream

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from gatepass.server.site import Site

_LOG: Final = logging.getLogger("gatepass.server")


class Access(enum.Enum):
    """Who may ask."""

    OPEN = "everybody"
    LOGGED_IN = "who is logged in: cookie, session id or access token"
    SESSION = "who holds the session itself: cookie or session id, no access token"
    SESSION_BEARER = "who holds the session itself as a bearer token: session id, no cookie, no access token"
    SESSION_ID = "who asks about a session id, as a bearer token; the answer says whether it holds"
    ACCESS_TOKEN = "who asks about an access token; the answer says whether it holds"  # noqa: S105 (words)


BY_COOKIE: Final = frozenset({Access.LOGGED_IN, Access.SESSION})
"""Where a cookie authorises, and so where a page of another site must be kept out."""

AUTHORISED: Final = BY_COOKIE | {Access.SESSION_BEARER}
"""Where the request is refused before the handler sees it, unless its pass holds."""

TELLING: Final = frozenset(
    {"csrf", "invalid_body", "invalid_request", "unsupported_media_type", "body_too_large"}
)
"""What no page of ours and no honest program sends: somebody tries something, or has a mistake to find. The
log tells of it; of what visitors run into every day (no pass, no such page) it does not."""

Handler = Callable[[Call, Any], Awaitable[msgspec.Struct | Answer | Stream | None]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of the JSON API."""

    method: str
    path: str
    name: str
    summary: str
    tag: str
    handler: Handler
    access: Access = Access.OPEN
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    answers: tuple[type[msgspec.Struct], ...] = ()
    """More than one: which of them follows from the request. None: no content."""
    media_type: str = "application/json"
    """Anything else is a text of its own."""
    status: int = 200
    revalidates: bool = False
    """Whether it has an ETag, and answers 304 to who has it already."""
    problems: frozenset[str] = frozenset()
    """The codes of `PROBLEMS` that the handler itself can give."""
    counted: bool = True
    _decoder: msgspec.json.Decoder[Any] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        decoder = None if self.body is None else msgspec.json.Decoder(self.body)
        object.__setattr__(self, "_decoder", decoder)

    def all_problems(self) -> frozenset[str]:
        """Give every code this operation can answer with, those of the ground it stands on included."""
        found = set(self.problems)
        if self.access in AUTHORISED:
            found |= {"unauthenticated", "invalid_token", "invalid_request"}
        if self.access in BY_COOKIE and self.method != "GET":
            found.add("csrf")
        if self.body is not None:
            found |= {"invalid_body", "unsupported_media_type", "body_too_large", "invalid_request"}
        if self.query is not None:
            found.add("invalid_request")
        return frozenset(found)

    async def answer(self, call: Call) -> Answer | Stream:
        """Serve one request. Raises `Refused`, `AuthError`."""
        if self.access is Access.LOGGED_IN:
            call.checked = await authorise(call)
        elif self.access is Access.SESSION:
            call.checked = await authorise_session(call)
        elif self.access is Access.SESSION_BEARER:
            call.checked = await authorise_bearer(call)
        told: msgspec.Struct | None = None
        if self._decoder is not None:
            told = await call.json_body(self._decoder)
        elif self.query is not None:
            told = _converted(call.query(), self.query)
        result = await self.handler(call, told)
        if isinstance(result, Answer | Stream):
            return result
        if result is None:
            return NO_CONTENT
        guarded = (SAME_ORIGIN_ALONE,) if self.access in BY_COOKIE else ()
        return json_struct(result, status=self.status, headers=guarded)

    def refused(self, _: Site, refused: Refused) -> Answer:
        """Say no, as problem details."""
        return refused.answer()


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page, or one form's target."""

    method: str
    path: str
    handler: Callable[[Call], Awaitable[Answer]]
    counted: bool = True

    async def answer(self, call: Call) -> Answer:
        """Serve one request. Raises `Refused`, `AuthError`."""
        return await self.handler(call)

    def refused(self, site: Site, refused: Refused) -> Answer:
        """Say no, as a page."""
        return site.pages.problem(refused)


Row = Operation | Page


class Resource:
    """The ASGI application of one path: finds the method's row, makes an answer of whatever is raised."""

    def __init__(self, site: Site, rows: list[Row]) -> None:
        self._site = site
        self._rows = {row.method: row for row in rows}
        if "GET" in self._rows:
            self._rows["HEAD"] = self._rows["GET"]  # the HTTP server leaves the body out
        self._labels = {method: f"{row.method} {row.path}" for method, row in self._rows.items()}
        self._allow = ", ".join(sorted(self._rows)).encode()
        self._any = rows[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        answer = await self.answer(scope, receive)
        if answer is not None:
            await answer.send(send)

    async def answer(self, scope: Scope, receive: Receive) -> Answer | Stream | None:
        """Make the answer to one request; None: its client is gone."""
        began = perf_counter()
        method = scope["method"]
        row = self._rows.get(method, self._any)
        call = Call(scope, receive, self._site)
        label = self._labels.get(method, "another method")
        if row.counted:
            self._site.counters.count(label)
        answer: Answer | Stream
        try:
            if method not in self._rows:
                raise Refused("method_not_allowed", headers=((b"allow", self._allow),))
            answer = await row.answer(call)
        except Refused as refused:
            if refused.code in TELLING:
                call.log_refusal(label=label, code=refused.code)
            else:
                self._site.traffic.refused(label, refused.code)
            answer = row.refused(self._site, refused)
        except AuthError as error:
            call.log_refusal(label=label, code=error.code, words=error)
            answer = row.refused(self._site, refusal_of(error))
        except ClientGone:
            return None
        except Exception:
            self._site.traffic.refused(label, "internal")
            _LOG.exception("%s failed", label)
            answer = row.refused(self._site, Refused("internal"))
        self._site.traffic.answered(label, answer.status, perf_counter() - began)
        return answer


def _converted(fields: dict[str, str], struct: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.convert(fields, struct, strict=False)
    except msgspec.ValidationError as error:
        words = "The query is not what this operation takes: see `field`."
        raise Refused("invalid_request", field=named_field(str(error)), detail=words) from None
