"""The `users` service: who am I, and which people may I see? It also hands out the clinic's page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from examples.clinic import demo
from examples.clinic.config import AUDIENCE, CONTRACT, PATIENCE, Clinic
from examples.clinic.counting import Counter, Counting
from examples.clinic.directory import Directory
from fastapi import Depends, FastAPI
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles

from gatepass.verifier import Bearer, Cookie, EitherVerifier, Principal, SessionVerifier, Verifier
from gatepass.verifier.adapters.fastapi import Gate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

clinic = Clinic.from_environment()
directory = Directory(clinic.data)
counter = Counter()

tokens = Verifier(
    issuer=clinic.auth,
    audience=AUDIENCE,
    feed=PATIENCE,
    state_dir=clinic.state("users"),
    decryption_keys=clinic.decryption_key(),
)
sessions = SessionVerifier(issuer=clinic.auth, audience=AUDIENCE, watch=tokens.watch)
gate = Gate(
    EitherVerifier(tokens=tokens, sessions=sessions),
    carry=(Bearer(), Cookie("gatepass_session", origins=frozenset({clinic.users}))),
    freshness=CONTRACT,
)
app = FastAPI(title="Users")
gate.install(app)

User = Annotated[Principal, Depends(gate.current_user)]
PeopleReader = Annotated[Principal, Depends(gate.require("users:read"))]


@app.get("/api/v1/users/me")
async def me(user: User) -> dict[str, Any]:
    """Who sends this request: all of it comes out of the pass."""
    return {
        "id": user.subject,
        "first_name": user.given_name,
        "last_name": user.family_name,
        "email": user.email,
        "roles": sorted(user.roles),
        "permissions": sorted(user.permissions),
        "checked_by": user.mode,
    }


@app.get("/api/v1/users")
async def people(user: PeopleReader) -> list[dict[str, Any]]:
    """Everybody for who may see all, otherwise a doctor's patients. Their roles are Auth's to say."""
    all_of_them = "users:all" in user.permissions
    found = [person for person in directory.everybody if all_of_them or person.doctor == user.subject]
    return [{name: value for name, value in asdict(person).items() if name != "roles"} for person in found]


@app.get("/demo/end-of-pass")
async def end_of_pass(user: User) -> StreamingResponse:
    """Say nothing while the pass holds, and why as soon as it does not, so that nobody has to ask again."""

    async def say() -> AsyncIterator[str]:
        yield (await gate.guard.end_of(user)).code

    return StreamingResponse(say(), media_type="text/plain")


@app.get("/demo/health")
async def freshness() -> dict[str, Any]:
    """How fresh the view of the revocations is; for the page's panel."""
    return asdict(tokens.health())


@app.get("/healthz")
async def health() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


app.add_middleware(Counting, counter=counter)
demo.add_to(app, clinic, counter)
demo.add_switch_to(app, clinic)
app.mount("/", StaticFiles(directory=Path(__file__).parent / "page", html=True))
