"""The `users` service: who am I, and which people may I see? It also hands out the clinic's page."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from examples.clinic import demo
from examples.clinic.config import AUDIENCE, Clinic
from examples.clinic.counting import Counter, Counting
from examples.clinic.directory import Directory
from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from gatepass.verifier import Bearer, Cookie, EitherVerifier, Principal, SessionVerifier, Verifier
from gatepass.verifier.adapters.fastapi import Gate

clinic = Clinic.from_environment()
directory = Directory(clinic.data)
counter = Counter()

gate = Gate(
    EitherVerifier(
        tokens=Verifier(issuer=clinic.auth, audience=AUDIENCE),
        sessions=SessionVerifier(issuer=clinic.auth, audience=AUDIENCE),
    ),
    carry=(Bearer(), Cookie("gatepass_session", origins=frozenset({clinic.users}))),
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
    """Everybody for who may see all, otherwise a doctor's patients."""
    if "users:all" in user.permissions:
        return [asdict(person) for person in directory.everybody]
    return [asdict(person) for person in directory.everybody if person.doctor == user.subject]


@app.get("/healthz")
async def health() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


app.add_middleware(Counting, counter=counter)
demo.add_to(app, clinic, counter)
app.mount("/", StaticFiles(directory=Path(__file__).parent / "page", html=True))
