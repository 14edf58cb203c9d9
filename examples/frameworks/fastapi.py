"""FastAPI."""

import os
from typing import Annotated

from fastapi import Depends, FastAPI

from gatepass.verifier import Principal, Verifier
from gatepass.verifier.adapters.fastapi import Gate

issuer = os.environ.get("GATEPASS_ISSUER", "http://127.0.0.1:8000")
gate = Gate(Verifier(issuer=issuer, audience="my-site"))
app = FastAPI()
gate.install(app)


@app.get("/open")
async def open_to_all(
    user: Annotated[Principal | None, Depends(gate.optional_user)],
) -> dict[str, str | None]:
    """Greet whoever comes."""
    return {"hello": user.name if user else "stranger"}


@app.get("/me")
async def me(user: Annotated[Principal, Depends(gate.current_user)]) -> dict[str, str]:
    """Say who is there."""
    return {"subject": user.subject}


@app.get("/appointments")
async def appointments(
    user: Annotated[Principal, Depends(gate.require("appointments:read"))],
) -> dict[str, str | None]:
    """Show what only some may see."""
    return {"doctor": user.name}
