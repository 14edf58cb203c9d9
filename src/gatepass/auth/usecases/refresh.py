"""Refresh, standard form: an opaque refresh token → a new pair (RFC 6749 §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.errors import RefreshRefused
from gatepass.auth.opaque import RefreshToken
from gatepass.auth.refresh import RefreshForm
from gatepass.auth.usecases._rotation import rotate

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.results import Tokens
    from gatepass.auth.terms import Client


async def refresh(auth: Auth, *, refresh_token: str, client: Client, now: float) -> Tokens:
    """Give new tokens; within the grace the same ones again. Raises `RefreshRefused`."""
    if RefreshToken.parse(refresh_token) is None:
        raise RefreshRefused("refresh_malformed")
    return await rotate(auth, presented=refresh_token, form=RefreshForm.STANDARD, client=client, now=now)
