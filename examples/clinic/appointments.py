"""The `appointments` service: a complete Service with Gatepass.

All it knows of passes is the `gate`; each route says what it requires.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from examples.clinic.bookings import Bookings
from examples.clinic.config import AUDIENCE, CONTRACT, PATIENCE, Clinic
from examples.clinic.counting import Counter, Counting
from fastapi import Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel

from gatepass.verifier import Bearer, Cookie, EitherVerifier, Principal, SessionVerifier, Verifier
from gatepass.verifier.adapters.fastapi import Gate

clinic = Clinic.from_environment()
bookings = Bookings(clinic.data)
counter = Counter()

# A Service usually takes one mode: `Gate(Verifier(…))` or `Gate(SessionVerifier(…))`. This one takes both,
# so that the page can switch; the pass itself says which one it is. Both hear from one feed who is out.
tokens = Verifier(
    issuer=clinic.auth,
    audience=AUDIENCE,
    feed=PATIENCE,
    state_dir=clinic.state("appointments"),
    decryption_keys=clinic.decryption_key(),
)
sessions = SessionVerifier(issuer=clinic.auth, audience=AUDIENCE, watch=tokens.watch)
gate = Gate(
    EitherVerifier(tokens=tokens, sessions=sessions),
    carry=(Bearer(), Cookie("gatepass_session", origins=frozenset({clinic.users}))),
    freshness=CONTRACT,
)
app = FastAPI(title="Appointments")
gate.install(app)

Reader = Annotated[Principal, Depends(gate.require("appointments:read"))]
SlotReader = Annotated[Principal, Depends(gate.require("slots:read"))]
Booker = Annotated[Principal, Depends(gate.require("slots:book"))]


class Booking(BaseModel):
    """Which slot to take."""

    slot: int


@app.get("/api/v1/appointments")
def appointments(user: Reader) -> list[dict[str, Any]]:
    """Everybody's for who may see all, a doctor's with their patients, otherwise one's own."""
    if "appointments:all" in user.permissions:
        found = bookings.everybodys()
    elif "doctor" in user.roles:
        found = bookings.of_doctor(user.subject)
    else:
        found = bookings.of_patient(user.subject)
    return [asdict(one) | {"may_cancel": one.patient_id == user.subject} for one in found]


@app.get("/api/v1/appointments/slots")
def slots(user: SlotReader) -> list[dict[str, Any]]:
    """What is still free."""
    may_book = "slots:book" in user.permissions
    return [asdict(slot) | {"may_book": may_book} for slot in bookings.free()]


@app.post("/api/v1/appointments", status_code=201)
def book(user: Booker, booking: Booking) -> dict[str, int]:
    """Take a free slot for oneself."""
    if not bookings.book(booking.slot, patient_id=user.subject, patient=user.name or "A patient"):
        raise HTTPException(409, "This slot is taken.")
    return {"id": booking.slot}


@app.delete("/api/v1/appointments/{number}", status_code=204)
def cancel(user: Booker, number: int) -> None:
    """Give one's own appointment back."""
    if not bookings.cancel(number, patient_id=user.subject):
        raise HTTPException(404, "You have no such appointment.")


@app.get("/demo/counters")
def counters() -> dict[str, int]:
    """How many requests under /api/v1 came here; for the page's panel."""
    return {"requests": counter.requests}


@app.get("/demo/health")
def freshness() -> dict[str, Any]:
    """How fresh the view of the revocations is; for the page's panel."""
    return asdict(tokens.health())


@app.get("/healthz")
def health() -> dict[str, str]:
    """Alive."""
    return {"status": "ok"}


app.add_middleware(Counting, counter=counter)
# The page lives on another port: the browser asks first (a preflight), and remembers the answer.
app.add_middleware(
    CORSMiddleware,
    allow_origins=[clinic.users],
    allow_credentials=True,
    allow_methods=["GET", "POST", "DELETE"],
    allow_headers=["Authorization", "Content-Type"],
    expose_headers=["Retry-After"],
    max_age=7200,
)
