"""What a route may demand of a Principal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gatepass.oauth import format_scope
from gatepass.verifier.errors import Forbidden, PassMissing

if TYPE_CHECKING:
    from gatepass.verifier.principal import Principal


@dataclass(frozen=True, slots=True)
class Requirement:
    """One permission, role or scope that the Principal must hold."""

    noun: Literal["permission", "role", "scope"]
    name: str

    def __post_init__(self) -> None:
        # The name is written into a header; and an empty or a double name is a slip of the pen.
        if not self.name or " " in format_scope({self.name}):
            raise ValueError(f"a {self.noun} is one word")

    def check(self, principal: Principal) -> None:
        """Raise `Forbidden` where the Principal does not hold it."""
        held = {"permission": principal.permissions, "role": principal.roles, "scope": principal.scopes}
        if self.name not in held[self.noun]:
            raise Forbidden(self.noun, self.name)


def demand(principal: Principal | None, *requirements: Requirement) -> Principal:
    """Give the Principal back if there is one and it holds all that. Raises `PassMissing`, `Forbidden`."""
    if principal is None:
        raise PassMissing
    for requirement in requirements:
        requirement.check(principal)
    return principal


def permission(name: str) -> Requirement:
    """Demand a permission, such as `appointments:read`."""
    return Requirement("permission", name)


def role(name: str) -> Requirement:
    """Demand a role. A permission says better what a route needs, where there is one."""
    return Requirement("role", name)


def scope(name: str) -> Requirement:
    """Demand a scope: what the user allowed this client to do."""
    return Requirement("scope", name)
