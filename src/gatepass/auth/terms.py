"""The terms of the house: who issues, for whom, how long things last, how often one may try."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gatepass.auth.throttle import ACCOUNT_LIMIT, ADDRESS_LIMIT, Limit

DAY: Final = 86_400

LONGEST_LIFETIME: Final = 3_600
"""Seconds that an access token may live at most, whatever the operator decides. An entry of the revocation
feed is kept for that long: it must outlast every token it can match, those from before a change of settings
too (`revocations`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the operator decided; complete, or it cannot be built. Durations in seconds."""

    issuer: str
    audience: str
    client_id: str = "gatepass"
    """The `client_id` of tokens from Auth's own log-in (RFC 9068 §2.2 wants one)."""
    access_token_lifetime: int = 600
    refresh_idle: int = 14 * DAY
    refresh_absolute: int = 90 * DAY
    refresh_grace: int = 10
    """How long the same token gets the same answer: long enough for retries and tabs, too short for a thief
    to count on."""
    session_idle: int = 14 * DAY
    session_absolute: int = 90 * DAY
    account_limit: Limit = ACCOUNT_LIMIT
    address_limit: Limit = ADDRESS_LIMIT
    events_kept: int = 365 * DAY
    """How long a line of the event log stays: long enough to look into what is noticed late."""
    link_lifetime: int = 600
    """How long a one-time link lasts: as long as it takes to find the mail (ASVS 5.0, 6.5.5)."""
    invite_lifetime: int = 3 * DAY
    """How long the first link of a new account lasts: over a weekend, for who does not wait for it."""
    registration_open: bool = False
    signing_algorithm: str = "ES256"
    key_lifetime: int = 90 * DAY
    """How long a key signs before the next one takes over."""
    key_publish_ahead: int = 3_600
    """How long a key is published before it signs: more than any cache of the key set lives."""
    leeway: int = 30

    def __post_init__(self) -> None:
        if not (self.issuer and self.audience and self.client_id and self.signing_algorithm):
            raise ValueError("issuer, audience, client_id and signing_algorithm must all be given")
        durations = (
            self.access_token_lifetime,
            self.refresh_idle,
            self.refresh_absolute,
            self.session_idle,
            self.session_absolute,
            self.events_kept,
            self.link_lifetime,
            self.invite_lifetime,
            self.key_lifetime,
            self.key_publish_ahead,
        )
        if min(durations) <= 0 or self.refresh_grace < 0 or self.leeway < 0:
            raise ValueError("durations must be positive")
        if self.access_token_lifetime > LONGEST_LIFETIME:
            raise ValueError(f"an access token lives {LONGEST_LIFETIME} seconds at most")
        if self.refresh_grace > 60:
            raise ValueError("a grace of more than a minute would be an invitation")
        if self.key_publish_ahead >= self.key_lifetime:
            raise ValueError("a key must live longer than it is published ahead")
        if min(self.account_limit.attempts, self.address_limit.attempts) < 1:
            raise ValueError("at least one attempt must be allowed")
        if min(self.account_limit.window, self.address_limit.window) <= 0:
            raise ValueError("windows must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Where a request comes from, as far as the server knows: for limits, lists and the event log."""

    address: str
    device: str = ""

    def __post_init__(self) -> None:
        # Both come from strangers and end up in lists that people read: short, and nothing that moves a
        # cursor.
        object.__setattr__(self, "address", _printable(self.address, 64))
        object.__setattr__(self, "device", _printable(self.device, 200))


def _printable(text: str, length: int) -> str:
    text = text[:length]
    # Nearly every text is: looked at in one go, that takes a twentieth.
    return text if text.isprintable() else "".join(c for c in text if c.isprintable())
