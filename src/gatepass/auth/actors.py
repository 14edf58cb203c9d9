"""Actors: who orders something, a user or the command line of the machine itself."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gatepass.auth.errors import NotPermitted
from gatepass.auth.permissions import may_administer
from gatepass.auth.users import User

Actor: TypeAlias = User | Literal["cli"]
"""`"cli"` is whoever may run the command on the machine: they have the database and the keys anyway."""


def actor_id(actor: Actor) -> str:
    """Name the actor in the event log."""
    return actor if isinstance(actor, str) else actor.id


def require_admin(actor: Actor) -> None:
    """Let administrators and the command line pass. Raises `NotPermitted`."""
    if isinstance(actor, User) and not may_administer(actor):
        raise NotPermitted
