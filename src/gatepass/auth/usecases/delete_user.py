"""Delete a user: the account and everything that is theirs goes; what they did stays in the event log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import Conflict, EventRecorded, Revoked, UserDeleted
from gatepass.auth.errors import Contended, NotPermitted
from gatepass.auth.events import Event, EventKind
from gatepass.auth.permissions import may_administer
from gatepass.auth.revocations import user_revoked
from gatepass.auth.usecases._finding import find
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User

EVERY_EPOCH: Final = 2**53 - 1
"""A bound above every epoch, the highest that travels in the feed: an id is never given to anybody else."""


async def delete_user(
    auth: Auth,
    *,
    email: str | None = None,
    user_id: str | None = None,
    actor: Actor,
    client: Client | None = None,
    now: float,
) -> User:
    """Delete a user, found by e-mail address or id; gives them as they were. Raises `UserUnknown`,
    `NotPermitted`.

    Only the command line deletes an administrator: it takes `gatepass:admin` away, for good.
    """
    require_admin(actor)
    for _ in range(TRIES):
        user = await find(auth, email=email, user_id=user_id)
        if may_administer(user) and actor != "cli":
            raise NotPermitted
        event = Event(now, EventKind.USER_DELETED, user.id, None, actor_id(actor), address_of(client))
        try:
            await auth.store.commit(
                UserDeleted(user.id, user.epoch),
                Revoked(user_revoked(user.id, EVERY_EPOCH, now=now)),
                EventRecorded(event),
            )
        except Conflict:
            continue
        return user
    raise Contended
