"""Services on loopback that check tokens: one well, the others each with a hole that somebody shipped."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

import jwt as pyjwt
import msgspec

from gatepass.testing import FakeIssuer
from gatepass.testing.feed import Reader
from gatepass.verifier import Guard
from gatepass.verifier.wsgi import GatepassMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Environ = dict[str, Any]
Judge = Callable[[Environ], bool]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve a WSGI app while the block runs, and give its address."""
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def hello(environ: Environ, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def answering(status: str) -> Any:
    """Give an app that always answers the same."""

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response(status, [("Content-Length", "0")])
        return [b""]

    return app


def judged_by(judge: Judge) -> Any:
    """Give an app that lets in whom the judge believes; what the judge doesn't expect is refused too."""

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        try:
            believed = judge(environ)
        except Exception:
            believed = False
        start_response("200 OK" if believed else "401 Unauthorized", [("Content-Length", "0")])
        return [b""]

    return app


def bearer(environ: Environ) -> str:
    scheme, _, token = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() != "bearer":
        raise LookupError
    return token


def guarded(verifier: Any) -> Any:
    """Give an app behind Gatepass."""
    return GatepassMiddleware(hello, guard=Guard(verifier))


@contextmanager
def serving_issuer(**given: Any) -> Iterator[FakeIssuer]:
    """Publish what a fake issuer publishes, over HTTP, under the name that it has there."""
    issuers: list[FakeIssuer] = []

    def app(environ: Environ, start_response: Any) -> Iterable[bytes]:
        body = _published(issuers[0], environ)
        start_response("200 OK" if body else "404 Not Found", [("Content-Type", "application/json")])
        return [body or b""]

    with serving(app) as url:
        issuers.append(FakeIssuer(url, **given))
        yield issuers[0]


def _published(issuer: FakeIssuer, environ: Environ) -> bytes | None:
    place = f"{issuer.issuer}{environ['PATH_INFO']}"
    if place == issuer.metadata_url:
        return issuer.metadata().to_json()
    if place == issuer.metadata().jwks_uri:
        return msgspec.json.encode(issuer.jwks().to_jwks())
    if place == issuer.metadata().revocations_endpoint:
        return _page(issuer, parse_qs(environ["QUERY_STRING"]).get("after", [None])[0])
    return None


def _page(issuer: FakeIssuer, after: str | None) -> bytes:
    reader = Reader()
    text = issuer.feed.page(after, reader)
    issuer.feed.leave(reader)
    return text.encode()


# Holes


def believes_everybody(issuer: FakeIssuer) -> Any:
    return hello


def checks_no_signature(issuer: FakeIssuer) -> Any:
    def judge(environ: Environ) -> bool:
        claims = pyjwt.decode(bearer(environ), options={"verify_signature": False})
        return bool(claims["sub"])

    return judged_by(judge)


def lets_the_token_choose(issuer: FakeIssuer) -> Any:
    """Take the algorithm from the header, and the public key for whatever that needs."""
    pem = issuer.key.to_pem()

    def judge(environ: Environ) -> bool:
        token = bearer(environ)
        head, _, signature = token.rpartition(".")
        if pyjwt.get_unverified_header(token)["alg"] == "HS256":
            mac = base64.urlsafe_b64encode(hmac.digest(pem, head.encode(), hashlib.sha256)).rstrip(b"=")
            return mac.decode() == signature
        return _checked(token, issuer.key.to_jwk(), issuer)

    return judged_by(judge)


def believes_the_key_in_the_token(issuer: FakeIssuer) -> Any:
    def judge(environ: Environ) -> bool:
        token = bearer(environ)
        return _checked(token, pyjwt.get_unverified_header(token).get("jwk", issuer.key.to_jwk()), issuer)

    return judged_by(judge)


def reads_the_query(issuer: FakeIssuer) -> Any:
    def judge(environ: Environ) -> bool:
        query = parse_qs(environ["QUERY_STRING"]).get("access_token")
        return _checked(query[0] if query else bearer(environ), issuer.key.to_jwk(), issuer)

    return judged_by(judge)


def ignores_the_audience(issuer: FakeIssuer) -> Any:
    def judge(environ: Environ) -> bool:
        key = pyjwt.PyJWK(issuer.key.to_jwk())
        pyjwt.decode(bearer(environ), key, algorithms=["ES256"], options={"verify_aud": False})
        return True

    return judged_by(judge)


def pads_what_lacks_padding(issuer: FakeIssuer) -> Any:
    return judged_by(lambda environ: _checked(bearer(environ).rstrip("="), issuer.key.to_jwk(), issuer))


def refuses_everybody(issuer: FakeIssuer) -> Any:
    return answering("401 Unauthorized")


def crashes(issuer: FakeIssuer) -> Any:
    return answering("500 Internal Server Error")


def forbids(issuer: FakeIssuer) -> Any:
    return answering("403 Forbidden")


def is_not_there(issuer: FakeIssuer) -> Any:
    return answering("404 Not Found")


def cannot_tell(issuer: FakeIssuer) -> Any:
    return answering("503 Service Unavailable")


def _checked(token: str, jwk: dict[str, Any], issuer: FakeIssuer) -> bool:
    pyjwt.decode(
        token, pyjwt.PyJWK(jwk), algorithms=["ES256"], audience=issuer.audience, issuer=issuer.issuer
    )
    return True
