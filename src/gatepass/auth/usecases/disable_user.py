"""Disable a user: nothing that they hold is good any more, from this commit on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.actors import Actor, actor_id, require_admin
from gatepass.auth.changes import Conflict, EventRecorded, Revoked, UserChanged
from gatepass.auth.errors import Contended, UserUnknown
from gatepass.auth.events import Event, EventKind
from gatepass.auth.revocations import user_revoked
from gatepass.auth.usecases._tries import TRIES
from gatepass.auth.users import User, UserStatus, normalise_email

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth


async def disable_user(
    auth: Auth, *, email: str | None = None, user_id: str | None = None, actor: Actor, now: float
) -> User:
    """Shut a user out, found by e-mail address or id. Raises `UserUnknown`, `NotPermitted`.

    One write, however many sessions there are: status, epoch and cut-off move together, and everything older
    is refused, by Services too as soon as they have read the revocation feed.
    """
    require_admin(actor)
    for _ in range(TRIES):
        user = await _find(auth, email=email, user_id=user_id)
        if user.status is UserStatus.DISABLED:
            return user
        cut = user.epoch + 1
        disabled = msgspec.structs.replace(user, status=UserStatus.DISABLED, epoch=cut, revoked_below=cut)
        event = Event(now, EventKind.USER_DISABLED, user.id, actor=actor_id(actor))
        try:
            await auth.store.commit(
                UserChanged(disabled, user.epoch),
                Revoked(user_revoked(user.id, cut, now=now)),
                EventRecorded(event),
            )
        except Conflict:
            continue
        return disabled
    raise Contended


async def _find(auth: Auth, *, email: str | None, user_id: str | None) -> User:
    if (email is None) == (user_id is None):
        raise ValueError("give either email or user_id")
    if user_id is not None:
        user = await auth.store.user_by_id(user_id)
    else:
        user = await auth.store.user_by_email(normalise_email(email or ""))
    if user is None:
        raise UserUnknown
    return user
