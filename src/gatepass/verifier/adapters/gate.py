"""The words that every adapter knows; what one of them gives is for the framework to say."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from gatepass import verifier as gp
from gatepass.verifier.freshness import DEFAULT

Demand = TypeVar("Demand")


class Gate(ABC, Generic[Demand]):
    """One guard in a framework's own words: `require("appointments:read")`, `require_role("doctor")` …

    Args:
        verifier: who checks passes.
        carry: how a pass is carried; the first way that has one counts.
        freshness: how old the view of the revocations may be.
    """

    def __init__(
        self,
        verifier: gp.PassVerifier,
        *,
        carry: tuple[gp.Carry, ...] = (gp.Bearer(),),
        freshness: gp.Freshness = DEFAULT,
    ) -> None:
        self.guard = gp.Guard(verifier, carry, freshness)

    @abstractmethod
    def requires(self, *requirements: gp.Requirement) -> Demand:
        """Demand a pass that holds, and everything named."""

    def require(self, permission: str) -> Demand:
        """Demand a permission, such as `appointments:read`."""
        return self.requires(gp.permission(permission))

    def require_role(self, role: str) -> Demand:
        """Demand a role."""
        return self.requires(gp.role(role))

    def require_scope(self, scope: str) -> Demand:
        """Demand a scope."""
        return self.requires(gp.scope(scope))

    def require_fresh_login(self, *, within: int = 300) -> Demand:
        """Demand that the user logged in within so many seconds."""
        return self.requires(gp.fresh_login(within=within))
