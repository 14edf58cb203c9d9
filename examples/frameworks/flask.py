"""Flask."""

import os

from flask import Flask

from gatepass.verifier import Verifier
from gatepass.verifier.adapters.flask import Gate

issuer = os.environ.get("GATEPASS_ISSUER", "http://127.0.0.1:8000")
gate = Gate(Verifier(issuer=issuer, audience="my-site"))
app = Flask(__name__)
gate.install(app)


@app.get("/open")
def open_to_all() -> dict[str, str | None]:
    """Greet whoever comes."""
    user = gate.optional_user()
    return {"hello": user.name if user else "stranger"}


@app.get("/me")
def me() -> dict[str, str]:
    """Say who is there."""
    return {"subject": gate.current_user().subject}


@app.get("/appointments")
@gate.require("appointments:read")
def appointments() -> dict[str, str | None]:
    """Show what only some may see."""
    return {"doctor": gate.current_user().name}
