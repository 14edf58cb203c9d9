"""What only the demo's page needs and no real Service has: addresses, accounts, counters, a switch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
from examples.clinic.clicks import Click, Clicks
from examples.clinic.config import CONTRACT, HOST
from examples.clinic.people import ACCOUNTS, ROLES
from examples.clinic.switch import Order, Switch
from fastapi import Depends, FastAPI, HTTPException, Request
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
        addresses = {"auth": clinic.auth, "appointments": clinic.appointments}
        roles = [role for role, permissions in ROLES.items() if "gatepass:admin" not in permissions]
        return addresses | {"accounts": accounts, "roles": roles, "max_staleness": CONTRACT.max_staleness}

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


def add_switch_to(app: FastAPI, clinic: Clinic) -> None:
    """Add what the page does to the demo itself: stop and start processes, and measure across browsers."""
    switch = Switch(clinic.data)
    clicks = Clicks()

    def own_page(request: Request) -> None:
        # A browser adds `Origin` to every POST and PUT, and no page can change it.
        if request.headers.get("origin") != clinic.users:
            raise HTTPException(403, "Only the demo's own page may do this.")

    from_own_page = Depends(own_page)

    @app.get("/demo/auth")
    async def auth() -> dict[str, bool]:
        """Whether something listens where Auth should."""
        return {"running": await _listens(clinic.port)}

    @app.post("/demo/switch/{order}", status_code=202, dependencies=[from_own_page])
    async def ask(order: Order) -> None:
        switch.ask(order)

    @app.put("/demo/clicks/{sid}", status_code=204, dependencies=[from_own_page])
    async def keep(sid: str, click: Click) -> None:
        clicks.keep(sid, click)

    @app.get("/demo/clicks/{sid}")
    async def click_of(sid: str) -> Click | None:
        return clicks.of(sid)


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


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


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
