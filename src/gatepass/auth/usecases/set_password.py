"""Set a password by a one-time link: the first one, or another in the place of one that was forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import (
    AttemptCharged,
    AttemptRefunded,
    Conflict,
    EventRecorded,
    LinkUsed,
    PasswordChanged,
)
from gatepass.auth.cut_offs import cut_off
from gatepass.auth.errors import Contended
from gatepass.auth.events import Event, EventKind
from gatepass.auth.links import SETS_A_PASSWORD, Purpose
from gatepass.auth.mails import MailKind
from gatepass.auth.throttle import address_key
from gatepass.auth.usecases import _new_passwords
from gatepass.auth.usecases._attempts import charge
from gatepass.auth.usecases._linking import looked_at, presented
from gatepass.auth.usecases._mailing import mail
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.changes import Change
    from gatepass.auth.links import Link
    from gatepass.auth.terms import Client


async def look_at_link(auth: Auth, *, link: str, now: float) -> tuple[User, Purpose]:
    """Say whose password the link would set, without using it up. Raises `LinkRefused`."""
    found, user = await looked_at(auth, link, purposes=SETS_A_PASSWORD, now=now)
    return user, found.purpose


async def set_password(auth: Auth, *, link: str, password: str, client: Client, now: float) -> User:
    """Use the link up: everything that the user held ends, other links too, and nobody is logged in.

    A password that the rules refuse leaves the link as it is. Raises `LinkRefused`,
    `InvalidInput("password")`, `TooManyAttempts`.
    """
    # A hash costs: who guesses links is stopped before, and who has a good one pays nothing in the end.
    charged = AttemptCharged(address_key(client.address), auth.terms.address_limit, now)
    await charge(auth, charged, client=client, now=now)
    for _ in range(TRIES):
        found, user = await presented(auth, link, purposes=SETS_A_PASSWORD, client=client, now=now)
        encoded = await auth.passwords.hash(await _new_passwords.check(auth, user, password))
        after, changes = _done(auth, found, user, encoded, client=client, now=now)
        try:
            await auth.store.commit(*changes, AttemptRefunded(charged.key, charged.limit))
        except Conflict:
            continue  # another use of it came first, or the user changed: look again
        return after
    raise Contended


def _done(
    auth: Auth, link: Link, user: User, encoded: str, *, client: Client, now: float
) -> tuple[User, tuple[Change, ...]]:
    after, changes = cut_off(msgspec.structs.replace(user, status=UserStatus.ACTIVE), now=now)
    event = Event(
        now, EventKind.PASSWORD_SET, user.id, actor=user.id, address=client.address, reason=link.purpose.value
    )
    told = () if link.purpose is Purpose.INVITE else (_notice(auth, after, now=now),)
    return after, (
        LinkUsed(link.hash),
        *changes,
        PasswordChanged(user.id, encoded),
        EventRecorded(event),
        *told,
    )


def _notice(auth: Auth, user: User, *, now: float) -> Change:
    return mail(auth, MailKind.PASSWORD_CHANGED, user, email=user.email, now=now)
