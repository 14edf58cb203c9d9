"""Where the three processes find each other: told by the launcher, through the environment."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from gatepass.jose import Key
from gatepass.verifier import FeedTerms, Freshness

HOST = "127.0.0.1"  # one spelling of the host everywhere, so that the ports share the session's cookie
AUDIENCE = "clinic"  # the name that Auth writes into every pass for these Services
FIRST_PORT = 8700
CONTRACT = Freshness(max_staleness=15, on_stale="deny")  # short, so that nobody who looks on waits for long
PATIENCE = FeedTerms(longest_retry=2)  # seconds: the same for how soon the Services find Auth again
DATA = ".demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """Three ports in a row, and the folder where everything is kept."""

    port: int
    data: Path
    encrypted: bool = False
    """Whether Auth encrypts its tokens to the two Services."""

    @property
    def auth(self) -> str:
        """Auth: the issuer of every pass."""
        return f"http://{HOST}:{self.port}"

    @property
    def users(self) -> str:
        """The `users` service; also the origin of the page."""
        return f"http://{HOST}:{self.port + 1}"

    @property
    def appointments(self) -> str:
        """The `appointments` service."""
        return f"http://{HOST}:{self.port + 2}"

    def state(self, service: str) -> Path:
        """Where one of the Services keeps the keys and its view of the revocations."""
        return self.data / "state" / service

    @property
    def private_key(self) -> Path:
        """What opens encrypted tokens: the Services' alone. Auth is given the file beside it."""
        return self.data / "service.jwk"

    @property
    def public_key(self) -> Path:
        """What Auth encrypts to."""
        return self.data / "service.pub.jwk"

    def decryption_key(self) -> Key | None:
        """The Services' key; None where tokens are not encrypted."""
        return Key.from_jwk(json.loads(self.private_key.read_text())) if self.encrypted else None

    @classmethod
    def from_environment(cls) -> Clinic:
        """What `to_environment` wrote."""
        port = int(os.environ.get("CLINIC_PORT", FIRST_PORT))
        encrypted = os.environ.get("CLINIC_ENCRYPTED") == "1"
        return cls(port=port, data=Path(os.environ.get("CLINIC_DATA", DATA)), encrypted=encrypted)

    def to_environment(self) -> dict[str, str]:
        """The variables that a Service's process is started with."""
        told = {"CLINIC_PORT": str(self.port), "CLINIC_DATA": str(self.data)}
        return told | {"CLINIC_ENCRYPTED": str(int(self.encrypted))}
