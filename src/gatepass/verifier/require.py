"""What a route may demand of a Principal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from gatepass.oauth import format_scope
from gatepass.verifier.errors import Forbidden, LoginTooOld, PassMissing

if TYPE_CHECKING:
    from gatepass.verifier.principal import Principal


class Requirement(Protocol):
    """One thing that is demanded of a Principal."""

    def check(self, principal: Principal, *, now: float) -> None:
        """Raise a `Refused` where the Principal does not fulfil it; `now` in seconds since the epoch."""
        ...


@dataclass(frozen=True, slots=True)
class Holds:
    """One permission, role or scope that the Principal must hold."""

    noun: Literal["permission", "role", "scope"]
    name: str

    def __post_init__(self) -> None:
        # The name is written into a header; and an empty or a double name is a slip of the pen.
        if not self.name or " " in format_scope({self.name}):
            raise ValueError(f"a {self.noun} is one word")

    def check(self, principal: Principal, *, now: float) -> None:  # noqa: ARG002 (it holds at any time)
        """Raise `Forbidden` where the Principal does not hold it."""
        held = {"permission": principal.permissions, "role": principal.roles, "scope": principal.scopes}
        if self.name not in held[self.noun]:
            raise Forbidden(self.noun, self.name)


@dataclass(frozen=True, slots=True)
class FreshLogin:
    """The user proved who they are not long ago (`auth_time`), whatever was renewed since."""

    within: int
    """Seconds."""

    def __post_init__(self) -> None:
        if self.within < 1:
            raise ValueError("a login within less than a second is none")

    def check(self, principal: Principal, *, now: float) -> None:
        """Raise `LoginTooOld` (RFC 9470 §3) where the login is longer ago."""
        if now - principal.auth_time > self.within:
            raise LoginTooOld(self.within)


def demand(principal: Principal | None, *requirements: Requirement, now: float) -> Principal:
    """Give the Principal back if there is one and it fulfils all that; `now` in seconds since the epoch.

    Raises `PassMissing`, `Forbidden`, `LoginTooOld`.
    """
    if principal is None:
        raise PassMissing
    for requirement in requirements:
        requirement.check(principal, now=now)
    return principal


def permission(name: str) -> Requirement:
    """Demand a permission, such as `appointments:read`."""
    return Holds("permission", name)


def role(name: str) -> Requirement:
    """Demand a role. A permission says better what a route needs, where there is one."""
    return Holds("role", name)


def scope(name: str) -> Requirement:
    """Demand a scope: what the user allowed this client to do."""
    return Holds("scope", name)


def fresh_login(*, within: int) -> Requirement:
    """Demand that the user logged in within so many seconds: before a payment, a new password."""
    return FreshLogin(within)
