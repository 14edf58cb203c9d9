"""Litestar."""

import os

from litestar import Litestar, get
from litestar.di import NamedDependency, Provide

from gatepass.verifier import Principal, Verifier
from gatepass.verifier.adapters.litestar import Gate

issuer = os.environ.get("GATEPASS_ISSUER", "http://127.0.0.1:8000")
gate = Gate(Verifier(issuer=issuer, audience="my-site"))


@get("/open", dependencies={"visitor": Provide(gate.optional_user)})
async def open_to_all(visitor: NamedDependency[Principal | None]) -> dict[str, str | None]:
    """Greet whoever comes."""
    return {"hello": visitor.name if visitor else "stranger"}


@get("/me")
async def me(user: NamedDependency[Principal]) -> dict[str, str]:
    """Say who is there."""
    return {"subject": user.subject}


@get("/appointments", guards=[gate.require("appointments:read")])
async def appointments(user: NamedDependency[Principal]) -> dict[str, str | None]:
    """Show what only some may see."""
    return {"doctor": user.name}


app = Litestar(
    [open_to_all, me, appointments], dependencies={"user": Provide(gate.current_user)}, plugins=[gate]
)
