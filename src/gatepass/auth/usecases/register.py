"""Register: a stranger makes an account, where the terms allow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.changes import AttemptCharged
from gatepass.auth.errors import RegistrationClosed
from gatepass.auth.events import EventKind
from gatepass.auth.throttle import address_key
from gatepass.auth.usecases import _new_passwords
from gatepass.auth.usecases._accounts import make_account, sketched
from gatepass.auth.usecases._attempts import charge
from gatepass.auth.users import UserStatus

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
    sketch = sketched(
        auth,
        email=email,
        first_name=first_name,
        last_name=last_name,
        status=UserStatus.ACTIVE,
        roles=(),
        permissions=(),
        now=now,
    )
    # Hashed before anybody looks whether the address is taken: the same work for both answers.
    encoded = await auth.passwords.hash(await _new_passwords.check(auth, sketch, password))
    return await make_account(
        auth,
        sketch,
        encoded,
        kind=EventKind.USER_REGISTERED,
        actor=None,
        client=client,
        now=now,
    )
