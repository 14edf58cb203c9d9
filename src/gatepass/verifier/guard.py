"""The guard of a Service: takes the pass out of a request, has it checked, says who is there."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gatepass.verifier.carry import Bearer
from gatepass.verifier.challenge import answer
from gatepass.verifier.require import demand

if TYPE_CHECKING:
    from gatepass.verifier.carry import Carry, RequestHead
    from gatepass.verifier.challenge import Answer
    from gatepass.verifier.either import PassVerifier
    from gatepass.verifier.errors import Refused
    from gatepass.verifier.principal import Principal
    from gatepass.verifier.require import Requirement

log: Final = logging.getLogger("gatepass.verifier")


@dataclass(frozen=True, slots=True)
class Guard:
    """A verifier, and the ways in which a pass may be carried; the first way that has one counts."""

    verifier: PassVerifier
    carry: tuple[Carry, ...] = (Bearer(),)

    def __post_init__(self) -> None:
        if not self.carry:
            raise ValueError("a pass must be carried somehow")

    async def user_or_none(self, head: RequestHead) -> Principal | None:
        """Give who sends the request, or None without a pass. Raises `Refused` for one that fails."""
        for carry in self.carry:
            pass_text = carry.find(head)
            if pass_text is not None:
                return await self.verifier.check(pass_text)
        return None

    async def user(self, head: RequestHead, *requirements: Requirement) -> Principal:
        """Give who sends the request, if they hold everything that is required. Raises `Refused`."""
        return demand(await self.user_or_none(head), *requirements)

    def answer(self, refusal: Refused) -> Answer:
        """Write the answer to a refused request."""
        log.debug("request refused: %s", refusal.reason)
        return answer(refusal, realm=self.verifier.audience)
