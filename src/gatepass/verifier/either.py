"""Both modes at once: the shape of the pass says who checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.oauth import is_session_pass
from gatepass.verifier.freshness import DEFAULT

if TYPE_CHECKING:
    from gatepass.verifier.errors import Refused
    from gatepass.verifier.freshness import Freshness
    from gatepass.verifier.pass_verifier import PassVerifier
    from gatepass.verifier.principal import Principal


class EitherVerifier:
    """Takes a session id to `sessions` and everything else to `tokens`.

    The shape decides nothing but who looks: each of the two still refuses what does not hold.
    """

    def __init__(self, *, tokens: PassVerifier, sessions: PassVerifier) -> None:
        if tokens.audience != sessions.audience:
            raise ValueError("both verifiers must be for the same audience")
        self.audience = tokens.audience
        self.clock = tokens.clock
        self.tokens = tokens
        self.sessions = sessions

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Give the Principal of a pass that holds. Raises `Unauthenticated`, `Unavailable`."""
        return await self._for(pass_text).check(pass_text, freshness=freshness)

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        """Do the same in a thread that may wait. Raises `Unauthenticated`, `Unavailable`."""
        return self._for(pass_text).check_waiting(pass_text, freshness=freshness)

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:
        """Wait until a Principal that was checked no longer holds, and say why."""
        verifier = self.sessions if principal.mode == "session" else self.tokens
        return await verifier.end_of(principal, freshness=freshness)

    async def ready(self, within: float = 5) -> None:
        """Prepare both, at start-up. Raises `Unavailable` after `within` seconds each."""
        await self.tokens.ready(within)
        await self.sessions.ready(within)

    async def close(self) -> None:
        """Let go of threads and connections."""
        await self.tokens.close()
        await self.sessions.close()

    def _for(self, pass_text: str) -> PassVerifier:
        return self.sessions if is_session_pass(pass_text) else self.tokens
