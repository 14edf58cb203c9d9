"""What only the demo's page needs and no real Service has: addresses, accounts, counters, the cookie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiohttp
from examples.clinic.people import ACCOUNTS
from fastapi import FastAPI, HTTPException, Request
from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from examples.clinic.config import Clinic
    from examples.clinic.counting import Counter
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "gatepass_session"


def add_to(app: FastAPI, clinic: Clinic, counter: Counter) -> None:
    """Add the endpoints under /demo and the headers of the page."""

    @app.get("/demo/config")
    async def config() -> dict[str, Any]:
        accounts = [
            {"name": one.name, "about": one.about, "email": one.email, "password": one.password}
            for one in ACCOUNTS
        ]
        return {"auth": clinic.auth, "appointments": clinic.appointments, "accounts": accounts}

    @app.get("/demo/counters")
    async def counters() -> dict[str, int]:
        return {"requests": counter.requests}

    @app.get("/demo/session")
    async def session(request: Request) -> dict[str, Any]:
        """Show the page the session id that its scripts cannot read, and Auth's own answer for it."""
        if request.headers.get("sec-fetch-site") != "same-origin":
            raise HTTPException(403, "Only the demo's own page may look at this.")
        session_id = request.cookies.get(COOKIE, "")
        return {"session_id": session_id, "answer": await _ask(clinic.auth, session_id)}

    app.add_middleware(PageHeaders, allowed=f"{clinic.auth} {clinic.appointments}")


async def _ask(auth: str, session_id: str) -> Any:
    """What Auth says of a session id: the question that a Service asks in session mode."""
    headers = {"Authorization": f"Bearer {session_id}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as client,
            client.post(f"{auth}/api/session/check", headers=headers) as answer,
        ):
            return await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise HTTPException(503, "Auth does not answer.") from error


class PageHeaders:
    """Strict headers for the page: only its own scripts and styles, only the demo's three origins."""

    def __init__(self, app: ASGIApp, allowed: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
            f"img-src 'self'; connect-src 'self' {allowed}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "no-cache",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        await self._app(scope, receive, with_headers)
