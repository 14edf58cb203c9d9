"""What the routes of the tests' Service demand, in the words that all gates share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from gatepass.verifier import Requirement, fresh_login, permission, role, scope

if TYPE_CHECKING:
    from gatepass.verifier import Principal
    from gatepass.verifier.adapters.gate import Gate

Demand = TypeVar("Demand")

REQUIREMENTS: Final[dict[str, tuple[Requirement, ...]]] = {
    "/user": (),
    "/appointments": (permission("appointments:read"),),
    "/bookings": (permission("appointments:write"),),
    "/doctors": (role("doctor"),),
    "/admins": (role("admin"),),
    "/profile": (scope("profile"),),
    "/mail": (scope("mail"),),
    "/payment": (fresh_login(within=300),),
    "/both": (role("doctor"), permission("appointments:write")),
}


def demands(gate: Gate[Demand]) -> dict[str, Demand]:
    """Say the same with a gate."""
    return {
        "/user": gate.requires(),
        "/appointments": gate.require("appointments:read"),
        "/bookings": gate.require("appointments:write"),
        "/doctors": gate.require_role("doctor"),
        "/admins": gate.require_role("admin"),
        "/profile": gate.require_scope("profile"),
        "/mail": gate.require_scope("mail"),
        "/payment": gate.require_fresh_login(within=300),
        "/both": gate.requires(role("doctor"), permission("appointments:write")),
    }


def named(user: Principal | None, *_: Any) -> str:
    """Say who is there."""
    return user.subject if user else "nobody"
