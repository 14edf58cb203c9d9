"""The outermost layer: security headers on every answer, and CORS for the configured applications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from gatepass.server.answers import ANSWER, NO_CONTENT, Answer
from gatepass.server.request_id import REQUEST_ID, request_id
from gatepass.server.whole import WHOLE, lines, takes_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Literal

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from gatepass.server.addresses import Network
    from gatepass.server.answers import Answering, Header

Hsts: TypeAlias = "Literal['subdomains', 'host']"

# Chromium forgets a preflight's answer after two hours whatever it is told; asking for more gains nothing.
PREFLIGHT_MAX_AGE: Final = 7200

# Headers that an answer may set for itself; without its own word these hold. What only a document needs
# (referrer and opener policy) stands with the pages. `default-src` speaks for `object-src`, and not for
# `base-uri` and `form-action`.
_DEFAULTS: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
)
_ALWAYS: Final[tuple[Header, ...]] = ((b"x-content-type-options", b"nosniff"),)
EVERY_ANSWER: Final = (*_DEFAULTS, *_ALWAYS)
"""What an answer carries that says nothing of this itself, whatever the scheme."""
# Two years, as browsers' preload lists ask for. The hosts below Auth's are Auth's own, unless the operator
# says that others live there: browsers would refuse them plain http for as long.
_HSTS: Final[dict[Hsts, Header]] = {
    "subdomains": (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    "host": (b"strict-transport-security", b"max-age=63072000"),
}

# What a cookie opens is no image, script or frame of another site's page: not even its size is to be learned.
# A configured application reads with CORS, which this does not touch (Fetch §3.7).
SAME_ORIGIN_ALONE: Final[Header] = (b"cross-origin-resource-policy", b"same-origin")

_DEFAULT_NAMES: Final = frozenset(name for name, _ in _DEFAULTS)
_WITHOUT_LENGTH: Final = frozenset({204, 304})
"""A 204 has no Content-Length, and that of a 304 would have to be the kept answer's (RFC 9110 §8.6)."""


def page_headers(app_origins: AbstractSet[str]) -> tuple[Header, ...]:
    """Give the headers of a page: only our own style sheet, no script at all, forms only to us.

    Browsers also hold the redirect after a form to `form-action`, so the applications to which a log-in may
    return are named. The referrer policy is not `no-referrer`: with that a browser would send
    `Origin: null` with our own forms (Fetch §3.2.5), and we could not tell them from a stranger's.
    """
    targets = " ".join(["'self'", *sorted(app_origins)])
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    return (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-security-policy", policy.encode("ascii")),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
        SAME_ORIGIN_ALONE,
        (b"x-frame-options", b"DENY"),  # for browsers that do not know frame-ancestors
    )


class Frame:
    """ASGI layer around everything: no answer leaves without its headers.

    It also finds literal paths by itself, in a dictionary: Starlette's router, which tries one pattern after
    the other, and its exception layer have the rest. That takes a fifth off a session check.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hsts: Hsts | None,
        app_origins: AbstractSet[str],
        trusted: Sequence[Network],
        literal: Mapping[str, Answering],
    ) -> None:
        self._app = app
        self._literal = literal
        self._trusted = trusted
        self._always = _ALWAYS if hsts is None else (*_ALWAYS, _HSTS[hsts])
        self._all_lines = lines((*_DEFAULTS, *self._always))
        self._origins = {origin.encode("ascii") for origin in app_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        ident = request_id(scope, self._trusted)
        REQUEST_ID.set(ident)
        named: Header = (b"x-request-id", ident.encode())
        extra: tuple[Header, ...] = (named,)
        if self._origins and scope["path"].startswith(("/api/", "/.well-known/")):
            origin = _header(scope, b"origin")
            is_app = origin in self._origins
            extra = (named, *(_cors(origin) if is_app else _VARY))
            if scope["method"] == "OPTIONS" and _header(scope, b"access-control-request-method"):
                # What a browser asks before it sends an app's request; a stranger's gets no permission.
                await self._send(NO_CONTENT, (*extra, *_PREFLIGHT) if is_app else extra, scope, send)
                return
        resource = self._literal.get(scope["path"])
        if resource is None:
            await self._app(scope, receive, self._framing(extra, scope, send))
            return
        answer = await resource.answer(scope, receive)
        if isinstance(answer, Answer):  # nearly all are; as a message of its own it would cost 1 µs more
            await self._send(answer, extra, scope, send)
        elif answer is not None:
            await answer.send(self._framing(extra, scope, send))

    def _framing(self, extra: tuple[Header, ...], scope: Scope, send: Send) -> Send:
        """Give the `send` of one request that adds the headers."""

        async def send_framed(message: Message) -> None:
            if message["type"] == ANSWER:
                await self._send(message["answer"], extra, scope, send)
                return
            if message["type"] == "http.response.start":
                message["headers"] = self._framed(message["headers"], extra)
            await send(message)

        return send_framed

    async def _send(self, answer: Answer, extra: tuple[Header, ...], scope: Scope, send: Send) -> None:
        """Send an answer with its headers, as a whole where the server takes it so."""
        own = (*answer.headers, *extra)
        if answer.status not in _WITHOUT_LENGTH:
            own = ((b"content-length", b"%d" % len(answer.body)), *own)
        if not takes_whole(scope):
            head = {"type": "http.response.start", "status": answer.status, "headers": self._framed(own)}
            await send(head)
            await send({"type": "http.response.body", "body": answer.body})
            return
        # On the hot path: the headers that most answers have alike are written once for all of them.
        if _DEFAULT_NAMES.isdisjoint([name for name, _ in answer.headers]):
            text = lines(own) + self._all_lines
        else:
            text = lines(self._framed(own))
        await send({"type": WHOLE, "status": answer.status, "lines": text, "body": answer.body})

    def _framed(self, headers: Iterable[Header], extra: tuple[Header, ...] = ()) -> list[Header]:
        own = list(headers)
        names = {name for name, _ in own}
        missing = [default for default in _DEFAULTS if default[0] not in names]
        return [*own, *missing, *self._always, *extra]


# A cache must keep the answers to different origins apart, also the one that grants nothing.
_VARY: Final[tuple[Header, ...]] = ((b"vary", b"Origin"),)
_PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type"),
    (b"access-control-max-age", b"%d" % PREFLIGHT_MAX_AGE),
)


def _cors(origin: bytes) -> tuple[Header, ...]:
    return (
        *_VARY,
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"Retry-After, WWW-Authenticate, X-Request-ID"),
    )


def _header(scope: Scope, wanted: bytes) -> bytes:
    """Give a header's only value; empty when it is absent, or there twice."""
    found = [value for name, value in scope["headers"] if name == wanted]
    return found[0] if len(found) == 1 else b""
