"""Present a one-time link: look it up, and let the table of its life cycle decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import links
from gatepass.auth.changes import EventRecorded
from gatepass.auth.errors import LinkRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.opaque import LinkSecret

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gatepass.auth.auth import Auth
    from gatepass.auth.links import Link, Purpose
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User


async def looked_at(
    auth: Auth, text: str, *, purposes: AbstractSet[Purpose], now: float
) -> tuple[Link, User]:
    """Give the link and its user, if it is open and good for this. Raises `LinkRefused`.

    Leaves no line in the event log: looking costs nothing, so who has a dead link could fill the disk.
    """
    link, user, code = await _judged(auth, text, purposes=purposes, now=now)
    if code is not None:
        raise LinkRefused(code)
    return link, user


async def presented(
    auth: Auth, text: str, *, purposes: AbstractSet[Purpose], client: Client, now: float
) -> tuple[Link, User]:
    """Give the same to use it up, which the caller has charged; a refusal is told. Raises `LinkRefused`."""
    link, user, code = await _judged(auth, text, purposes=purposes, now=now)
    if code is not None:
        event = Event(now, EventKind.LINK_REFUSED, user.id, address=client.address, reason=code)
        await auth.store.commit(EventRecorded(event))
        raise LinkRefused(code)
    return link, user


async def _judged(
    auth: Auth, text: str, *, purposes: AbstractSet[Purpose], now: float
) -> tuple[Link, User, str | None]:
    secret = LinkSecret.parse(text)
    if secret is None:
        raise LinkRefused("link_malformed")
    found = await auth.store.link_by_hash(secret.hash())
    if found is None:
        raise LinkRefused("link_unknown")
    link, user = found
    return link, user, links.refusal(link, user, purposes=purposes, now=now)
