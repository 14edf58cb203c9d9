"""Check a session: the hottest of all; one look-up, nothing else to wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.errors import SessionRefused
from gatepass.auth.opaque import SessionId
from gatepass.auth.usecases._admission import admit

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import CheckedSession


async def check_session(auth: Auth, *, session_id: str, now: float) -> CheckedSession:
    """Give the session and its user, if the id opens one that holds now. Raises `SessionRefused`."""
    opaque = SessionId.parse(session_id)
    if opaque is None:
        raise SessionRefused("session_malformed")
    return admit(auth, await auth.store.session_by_hash(opaque.hash()), now=now)
