"""The guard of a Service: takes the pass out of a request, has it checked, says who is there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gatepass.verifier.carry import Bearer
from gatepass.verifier.challenge import answer
from gatepass.verifier.errors import CrossSite, Forbidden, LoginTooOld
from gatepass.verifier.freshness import DEFAULT
from gatepass.verifier.require import demand

if TYPE_CHECKING:
    from gatepass.verifier.carry import Carry, RequestHead
    from gatepass.verifier.challenge import Answer
    from gatepass.verifier.errors import Refused
    from gatepass.verifier.freshness import Freshness
    from gatepass.verifier.pass_verifier import PassVerifier
    from gatepass.verifier.principal import Principal
    from gatepass.verifier.require import Requirement

log: Final = logging.getLogger("gatepass.verifier")


@dataclass(frozen=True, slots=True)
class Guard:
    """A verifier, the ways in which a pass may be carried (the first that has one counts), and how fresh the
    view of the revocations must be."""

    verifier: PassVerifier
    carry: tuple[Carry, ...] = (Bearer(),)
    freshness: Freshness = DEFAULT

    def __post_init__(self) -> None:
        if not self.carry:
            raise ValueError("a pass must be carried somehow")

    async def user_or_none(self, head: RequestHead) -> Principal | None:
        """Give who sends the request, or None without a pass. Raises `Refused` for one that fails."""
        # On the hot path, where each call more is felt: `_find`, written out.
        for carry in self.carry:
            pass_text = carry.find(head)
            if pass_text is not None:
                return await self.verifier.check(pass_text, freshness=self.freshness)
        return None

    def user_or_none_waiting(self, head: RequestHead) -> Principal | None:
        """Do the same as `user_or_none` in a thread that may wait."""
        pass_text = self._find(head)
        return None if pass_text is None else self.verifier.check_waiting(pass_text, freshness=self.freshness)

    def demand(self, principal: Principal | None, *requirements: Requirement) -> Principal:
        """Give the Principal back if there is one and it fulfils all that. Raises `Refused`."""
        try:
            return demand(principal, *requirements, now=self.verifier.clock())
        except (Forbidden, LoginTooOld) as refusal:
            wanted = refusal.name if isinstance(refusal, Forbidden) else refusal.within
            user = None if principal is None else principal.subject
            log.info("access refused: %s %s user=%.80r", refusal.reason, wanted, user)
            raise

    async def end_of(self, principal: Principal) -> Refused:
        """Wait until the Principal no longer holds, and say why: for connections that stay open."""
        return await self.verifier.end_of(principal, freshness=self.freshness)

    def answer(self, refusal: Refused) -> Answer:
        """Write the answer to a refused request."""
        # A page of another site that tries the cookie is worth a line; a pass that fails has one already.
        log.log(
            logging.INFO if isinstance(refusal, CrossSite) else logging.DEBUG,
            "request refused: %s",
            refusal.reason,
        )
        return answer(refusal, realm=self.verifier.audience)

    def _find(self, head: RequestHead) -> str | None:
        for carry in self.carry:
            pass_text = carry.find(head)
            if pass_text is not None:
                return pass_text
        return None
