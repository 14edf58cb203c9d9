"""Check a password that a user is to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth.errors import InvalidInput
from gatepass.auth.password_rules import TRIED_FIRST, check_new_password, words_about

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.users import User


async def check(auth: Auth, user: User, password: str, *, field: str = "password") -> str:
    """Refuse what the rules refuse for this user, and what was in a breach. Raises `InvalidInput(field)`."""
    about = words_about(terms=auth.terms, email=user.email, names=(user.first_name, user.last_name))
    taken = check_new_password(password, about=about, field=field)
    if auth.breaches is not None and await auth.breaches.has(taken):
        raise InvalidInput(field, TRIED_FIRST)
    return taken
