"""The freshness contract: how old a Service's view of the revocations may be, and what happens past that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

OnStale: TypeAlias = Literal["deny", "allow", "ask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """What a guard promises about users who were kicked out, while Auth cannot be heard.

    Args:
        max_staleness: seconds since the view of the revocations was last known to be true.
        on_stale: past that, `"deny"` answers 503 with Retry-After, `"allow"` goes on with what is known until
            the token expires, `"ask"` asks Auth about this one token, and denies if it cannot be asked.
    """

    max_staleness: float = 120
    on_stale: OnStale = "deny"

    def __post_init__(self) -> None:
        if not 1 <= self.max_staleness <= 86_400:
            raise ValueError("max_staleness is 1 to 86400 seconds")
        if self.on_stale not in {"deny", "allow", "ask"}:
            raise ValueError('on_stale is "deny", "allow" or "ask"')


DEFAULT: Final = Freshness()
