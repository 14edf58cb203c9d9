"""What an operator wants to know of a verifier: how its checks ended, how old its keys and its view are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gatepass.verifier.feed import FeedState


@dataclass(slots=True)
class Counts:
    """How checks ended, since the start. Counted without a lock: cheap, and exact enough to watch."""

    accepted_from_cache: int = 0
    accepted: int = 0
    """Verified, or answered by Auth."""
    refused: int = 0
    """Malformed, forged, expired, for somebody else."""
    revoked: int = 0
    stale: int = 0
    """Tokens that must be renewed, because what the user may do has changed."""
    unavailable: int = 0
    asked: int = 0
    """Questions to Auth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a verifier is; ages in seconds, None where nothing was heard yet."""

    following: bool
    """Whether the follower is at work in this process."""
    feed: FeedState | None
    """What it is doing about the revocation feed; None where none is followed."""
    keys: int = 0
    keys_age: float | None = None
    view_age: float | None = None
    """How long ago the view of the revocations was last known to be true."""
    entries: int = 0
    """Revocations that are known."""
    clock_skew: float | None = None
    """How far this machine's clock is ahead of the issuer's, the way between them included."""
    cached: int = 0
    """Passes in the cache."""
    counts: Counts = field(default_factory=Counts)
