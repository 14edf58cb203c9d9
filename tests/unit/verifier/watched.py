"""A Service whose issuer is watched by a real follower thread, and whose line can be cut."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gatepass.testing import FakeIssuer
from gatepass.testing.network import FakeNetwork
from gatepass.verifier import FetchFailed, Follower, Freshness, Verifier
from gatepass.verifier.feed import FeedTerms

if TYPE_CHECKING:
    from tests.unit.verifier.world import Clock

ASK, ALLOW, DENY = (Freshness(max_staleness=60, on_stale=word) for word in ("ask", "allow", "deny"))


class Line(FakeNetwork):
    """A line to the issuer that counts its questions, and can be cut for the feed alone."""

    def __init__(self, issuer: FakeIssuer) -> None:
        super().__init__(issuer)
        self.cut = False
        self.asked = 0
        self.made = self.closed = 0
        self.answer: bytes | None = None
        self.silent = False

    def __call__(self) -> Line:
        self.made += 1
        return self

    async def ask(self, url: str, *, pass_text: str) -> bytes:
        self.asked += 1
        if self.silent:
            await asyncio.Event().wait()
        return await super().ask(url, pass_text=pass_text) if self.answer is None else self.answer

    async def get(self, url: str, *, patience: float = 0) -> Any:
        document = await super().get(url, patience=patience)
        if self.cut:  # now: what was on its way when the line was cut does not arrive
            raise FetchFailed("unreachable")
        return document

    async def events(self, url: str, *, silence: float) -> Any:
        stream = super().events(url, silence=silence)
        try:
            async for page in stream:
                if self.cut:
                    raise FetchFailed("unreachable")
                yield page
        finally:
            await stream.aclose()

    async def close(self) -> None:
        self.closed += 1


class Service:
    """A verifier that has heard everything, and its line."""

    def __init__(self, clock: Clock, follower: Follower, **options: Any) -> None:
        self.clock = clock
        self.issuer = FakeIssuer(clock=clock)
        self.line = Line(self.issuer)
        given = {"audience": self.issuer.audience, "clock": clock, "follower": follower, **options}
        given.setdefault("feed", FeedTerms(silence=0.6, first_retry=0.01, longest_retry=0.01))
        self.checks = Verifier(issuer=self.issuer.issuer, make_fetch=self.line, **given)

    def fall_silent(self, seconds: float) -> None:
        """Cut the feed, and let time pass."""
        self.line.cut = True
        self.clock.pass_by(seconds)
