"""Register: a stranger makes an account, where the terms allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import AttemptCharged
from gatepass.auth.errors import RegistrationClosed
from gatepass.auth.events import EventKind
from gatepass.auth.throttle import address_key
from gatepass.auth.usecases._accounts import make_account
from gatepass.auth.usecases._attempts import charge

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def register(
    auth: Auth, *, email: str, password: str, first_name: str, last_name: str, client: Client, now: float
) -> User:
    """Make an account without roles.

    Raises `RegistrationClosed`, `InvalidInput`, `EmailTaken`, `TooManyAttempts`.
    """
    if not auth.terms.registration_open:
        raise RegistrationClosed
    # Never refunded: each one costs a password hash, and each tells whether an address is taken.
    limit = AttemptCharged(address_key(client.address), auth.terms.address_limit, now)
    await charge(auth, limit, client=client, now=now)
    return await make_account(
        auth,
        email=email,
        password=password,
        first_name=first_name,
        last_name=last_name,
        roles=frozenset(),
        permissions=frozenset(),
        kind=EventKind.USER_REGISTERED,
        actor=None,
        address=client.address,
        accept=lambda _: None,
        now=now,
    )
