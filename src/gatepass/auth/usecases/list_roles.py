"""List the roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatepass.auth.auth import Auth


async def list_roles(auth: Auth) -> Mapping[str, frozenset[str]]:
    """Give every role that is defined with its permissions; for the command line."""
    return await auth.store.roles()
