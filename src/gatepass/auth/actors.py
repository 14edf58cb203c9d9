"""Actors: who orders something, a user or the command line of the machine itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from gatepass.auth.errors import NotPermitted
from gatepass.auth.permissions import may_administer
from gatepass.auth.users import User

if TYPE_CHECKING:
    from gatepass.auth.terms import Client

Actor: TypeAlias = User | Literal["cli"]
"""`"cli"` is whoever may run the command on the machine: they have the database and the keys anyway."""


def actor_id(actor: Actor) -> str:
    """Name the actor in the event log."""
    return actor if isinstance(actor, str) else actor.id


def address_of(client: Client | None) -> str | None:
    """Say where an order came from, for the event log; the command line has no address."""
    return None if client is None else client.address


def require_admin(actor: Actor) -> None:
    """Let administrators and the command line pass. Raises `NotPermitted`."""
    if isinstance(actor, User) and not may_administer(actor):
        raise NotPermitted
