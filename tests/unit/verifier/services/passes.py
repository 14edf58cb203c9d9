"""A verifier that knows a handful of passes by name: each stands for what a real one can come to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final

from gatepass.verifier import Freshness, Principal, Refused, TokenStale, Unauthenticated, Unavailable
from gatepass.verifier.freshness import DEFAULT

NOW: Final = 1_800_000_000.0

ADA: Final = Principal(
    subject="ada",
    session="S",
    epoch=0,
    auth_time=int(NOW) - 60,
    expires_at=int(NOW) + 600,
    mode="token",
    roles=frozenset({"doctor"}),
    permissions=frozenset({"appointments:read"}),
    scopes=frozenset({"profile"}),
    name="Ada Lovelace",
)

PASSES: Final[dict[str, Principal | Refused]] = {
    "good": ADA,
    "writer": replace(ADA, permissions=frozenset({"appointments:read", "appointments:write"})),
    "old-login": replace(ADA, auth_time=int(NOW) - 301),
    "nothing": replace(ADA, permissions=frozenset()),
    "stale": TokenStale(),
    "down": Unavailable("no_keys_yet", retry_after=7),
}


@dataclass
class Passes:
    """Counts its checks, and ends a pass when the test says so."""

    audience: str = "clinic"
    checked: list[str] = field(default_factory=list)
    freshness: list[Freshness] = field(default_factory=list)
    began: int = 0
    closed: int = 0
    watched: asyncio.Event = field(default_factory=asyncio.Event)
    unwatched: asyncio.Event = field(default_factory=asyncio.Event)
    end: asyncio.Event = field(default_factory=asyncio.Event)
    why: Refused | Exception = field(default_factory=lambda: Unauthenticated("revoked"))

    def clock(self) -> float:
        return NOW

    async def check(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        await asyncio.sleep(0)
        return self.check_waiting(pass_text, freshness=freshness)

    def check_waiting(self, pass_text: str, *, freshness: Freshness = DEFAULT) -> Principal:
        self.checked.append(pass_text)
        self.freshness.append(freshness)
        found = PASSES.get(pass_text, Unauthenticated("bad_signature"))
        if isinstance(found, Refused):
            raise found
        return found

    async def end_of(self, principal: Principal, *, freshness: Freshness = DEFAULT) -> Refused:
        self.watched.set()
        try:
            await self.end.wait()
        finally:
            self.unwatched.set()
        if isinstance(self.why, Refused):
            return self.why
        raise self.why

    async def ready(self, within: float = 5) -> None:
        self.began += 1

    async def close(self) -> None:
        self.closed += 1
