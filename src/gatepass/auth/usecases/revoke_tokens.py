"""Revoke tokens by an order: one, a client's, or everybody's. Sessions stay, clients renew in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import orders
from gatepass.auth.actors import Actor, actor_id, address_of, require_admin
from gatepass.auth.changes import EventRecorded, Revoked
from gatepass.auth.events import Event, EventKind

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.revocations import Revocation
    from gatepass.auth.terms import Client


async def revoke_token(
    auth: Auth, *, jti: str, actor: Actor, client: Client | None = None, now: float
) -> Revocation:
    """Take one access token back, by its `jti`; in the renewal form it then renews no more either.

    Raises `NotPermitted`, `InvalidInput("jti")`.
    """
    require_admin(actor)
    return await _order(
        auth, orders.token_order(jti, terms=auth.terms, now=now), actor=actor, client=client, now=now
    )


async def revoke_client(
    auth: Auth, *, client_id: str, actor: Actor, client: Client | None = None, now: float
) -> Revocation:
    """Take back all access tokens that a client was issued up to now.

    Raises `NotPermitted`, `InvalidInput("client_id")`.
    """
    require_admin(actor)
    return await _order(auth, orders.client_order(client_id, now=now), actor=actor, client=client, now=now)


async def revoke_everything(
    auth: Auth, *, actor: Actor, client: Client | None = None, now: float
) -> Revocation:
    """Take back all access tokens that were issued up to now. Raises `NotPermitted`."""
    require_admin(actor)
    return await _order(auth, orders.order_for_all(now=now), actor=actor, client=client, now=now)


async def _order(
    auth: Auth, order: Revocation, *, actor: Actor, client: Client | None, now: float
) -> Revocation:
    reason = " ".join(filter(None, (order.selects.value, order.value)))
    address = address_of(client)
    event = Event(now, EventKind.TOKENS_REVOKED, actor=actor_id(actor), address=address, reason=reason)
    await auth.store.commit(Revoked(order), EventRecorded(event))
    return order
