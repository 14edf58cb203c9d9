"""The same Service in each variant: who asks for its one page is found out as people do it.

Each function is a factory for uvicorn; where Auth is, the environment says.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jwt
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.verifier.auth import AUDIENCE
from gatepass.verifier import Guard, SessionVerifier, Verifier
from gatepass.verifier.asgi import App, GatepassMiddleware

ISSUER = os.environ.get("BENCH_ISSUER", "http://127.0.0.1:8000")
ANSWER = {"appointments": [{"at": "2026-12-01T09:00", "patient": "Ada Example", "room": 12}]}

Check = Callable[[Request], Awaitable[object]]


def no_check() -> App:
    """Nobody is asked who they are."""
    return _starlette(None)


def token_mode() -> App:
    """Gatepass: tokens are checked from memory, revocations followed."""
    return GatepassMiddleware(no_check(), guard=Guard(Verifier(issuer=ISSUER, audience=AUDIENCE)))


def session_mode() -> App:
    """Gatepass: Auth is asked about each request."""
    return GatepassMiddleware(no_check(), guard=Guard(SessionVerifier(issuer=ISSUER, audience=AUDIENCE)))


def session_mode_cached() -> App:
    """Gatepass: an answer of Auth counts for a minute, unless the feed says otherwise."""
    verifier = SessionVerifier(issuer=ISSUER, audience=AUDIENCE, cache_for=60)
    return GatepassMiddleware(no_check(), guard=Guard(verifier))


def pyjwt_es256() -> App:
    """PyJWT, called where the request is served: a fetch of keys would hold up everybody."""
    return _starlette(_pyjwt("ES256"))


def pyjwt_rs256() -> App:
    """The same with RS256, the usual algorithm."""
    return _starlette(_pyjwt("RS256"))


def pyjwt_es256_in_a_thread() -> App:
    """PyJWT where a fetch of keys holds up nobody: in a thread of the pool."""
    check = _decode("ES256")

    async def checked(request: Request) -> object:
        return await asyncio.to_thread(check, request)

    return _starlette(checked)


def httpx_session() -> App:
    """Session mode by hand: httpx asks Auth about each request."""
    client = httpx.AsyncClient(base_url=ISSUER, limits=httpx.Limits(max_connections=100))

    async def checked(request: Request) -> object:
        answer = await client.post(
            "/api/session/check", headers={"Authorization": request.headers["Authorization"]}
        )
        said = answer.json()
        if not said["active"] or said["aud"] != AUDIENCE:
            raise HTTPException(401)
        return said

    return _starlette(checked)


def _starlette(check: Check | None) -> Starlette:
    async def open_to_all(_: Request) -> JSONResponse:
        return JSONResponse(ANSWER)

    async def checked(request: Request) -> JSONResponse:
        assert check is not None
        await check(request)
        return JSONResponse(ANSWER)

    return Starlette(routes=[Route("/appointments", open_to_all if check is None else checked)])


def _pyjwt(algorithm: str) -> Check:
    check = _decode(algorithm)

    async def checked(request: Request) -> object:
        return check(request)

    return checked


def _decode(algorithm: str) -> Callable[[Request], dict[str, Any]]:
    client = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json")

    def check(request: Request) -> dict[str, Any]:
        scheme, _, token = request.headers["Authorization"].partition(" ")
        try:
            key = client.get_signing_key_from_jwt(token)
            return jwt.decode(token, key, algorithms=[algorithm], audience=AUDIENCE, issuer=ISSUER)
        except jwt.PyJWTError as error:
            raise HTTPException(401, scheme) from error

    return check
