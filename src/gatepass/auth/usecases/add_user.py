"""Add a user: an administrator or the command line makes an account with roles and permissions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.actors import Actor, require_admin
from gatepass.auth.events import EventKind
from gatepass.auth.usecases import _new_passwords
from gatepass.auth.usecases._accounts import make_account, sketched
from gatepass.auth.users import UserStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def add_user(
    auth: Auth,
    *,
    email: str,
    password: str,
    first_name: str,
    last_name: str,
    roles: Iterable[str] = (),
    permissions: Iterable[str] = (),
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Make an account. Raises `InvalidInput`, `EmailTaken`, `RoleUnknown`, `NotPermitted`."""
    require_admin(actor)
    sketch = sketched(
        auth,
        email=email,
        first_name=first_name,
        last_name=last_name,
        status=UserStatus.ACTIVE,
        roles=roles,
        permissions=permissions,
        now=now,
    )
    encoded = await auth.passwords.hash(await _new_passwords.check(auth, sketch, password))
    return await make_account(
        auth,
        sketch,
        encoded,
        kind=EventKind.USER_ADDED,
        actor=actor,
        client=client,
        now=now,
    )
