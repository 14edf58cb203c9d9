"""Starlette."""

import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from gatepass.verifier import Verifier
from gatepass.verifier.adapters.starlette import Gate

issuer = os.environ.get("GATEPASS_ISSUER", "http://127.0.0.1:8000")
gate = Gate(Verifier(issuer=issuer, audience="my-site"))


async def open_to_all(request: Request) -> JSONResponse:
    """Greet whoever comes."""
    user = await gate.optional_user(request)
    return JSONResponse({"hello": user.name if user else "stranger"})


async def me(request: Request) -> JSONResponse:
    """Say who is there."""
    return JSONResponse({"subject": (await gate.current_user(request)).subject})


@gate.require("appointments:read")
async def appointments(request: Request) -> JSONResponse:
    """Show what only some may see."""
    return JSONResponse({"doctor": (await gate.current_user(request)).name})


app = Starlette(routes=[Route("/open", open_to_all), Route("/me", me), Route("/appointments", appointments)])
gate.install(app)
