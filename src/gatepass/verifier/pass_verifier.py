"""What a guard needs of a verifier, whatever the mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gatepass.verifier.freshness import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.verifier.errors import Refused
    from gatepass.verifier.freshness import Freshness
    from gatepass.verifier.principal import Principal


class PassVerifier(Protocol):
    """Checks passes: `Verifier`, `SessionVerifier` and `EitherVerifier` do, and one of your own may."""

    @property
    def audience(self) -> str:
        """The name of this Service, as tokens call it."""
        ...

    @property
    def clock(self) -> Callable[[], float]:
        """Seconds since the epoch."""
        ...

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Give the Principal of a pass that holds. Raises `Refused`."""
        ...

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Do the same in a thread that may wait (WSGI). Raises `Refused`."""
        ...

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:
        """Wait until a Principal that was checked no longer holds, and say why: for connections that stay."""
        ...

    async def ready(self, within: float = 5) -> None:
        """Prepare, at start-up. Raises `Unavailable` after `within` seconds."""
        ...

    async def close(self) -> None:
        """Let go of threads and connections."""
        ...
