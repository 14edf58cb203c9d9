"""List the signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.signing_keys import KeyRecord


async def list_keys(auth: Auth) -> list[KeyRecord]:
    """Give all keys with their states, oldest first; for the command line."""
    return await auth.store.signing_keys()
