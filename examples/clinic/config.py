"""Where the three processes find each other: told by the launcher, through the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"  # one spelling of the host everywhere, so that the ports share the session's cookie
AUDIENCE = "clinic"  # the name that Auth writes into every pass for these Services
FIRST_PORT = 8700
DATA = ".demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """Three ports in a row, and the folder where everything is kept."""

    port: int
    data: Path

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

    @classmethod
    def from_environment(cls) -> Clinic:
        """What `to_environment` wrote."""
        port = int(os.environ.get("CLINIC_PORT", FIRST_PORT))
        return cls(port=port, data=Path(os.environ.get("CLINIC_DATA", DATA)))

    def to_environment(self) -> dict[str, str]:
        """The variables that a Service's process is started with."""
        return {"CLINIC_PORT": str(self.port), "CLINIC_DATA": str(self.data)}
