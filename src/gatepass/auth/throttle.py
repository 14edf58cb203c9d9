"""The limit on attempts: one number a key (GCRA), charged before the password is looked at.

The number is the *theoretical arrival time*: when the bucket would be empty again. Each attempt pushes it
`interval` seconds ahead; an attempt that would push it more than `window` seconds ahead of now is refused
and charges nothing. So a key has `attempts` at once and one more every `window / attempts` seconds, with a
single compare-and-set and no list of times.
"""

from __future__ import annotations

import hashlib
import math
from ipaddress import IPv6Address, ip_address
from typing import Final

import msgspec


class Limit(msgspec.Struct, frozen=True):
    """So many attempts in a window of so many seconds."""

    attempts: int
    window: float

    @property
    def interval(self) -> float:
        """Seconds that one attempt costs."""
        return self.window / self.attempts

    @property
    def ceiling(self) -> float:
        """Seconds that the number may be ahead of now; a millisecond more than the window, for rounding
        alone."""
        return self.window + 0.001


ACCOUNT_LIMIT: Final = Limit(attempts=10, window=900)
"""20 guesses in the first quarter of an hour, 40 an hour then: well below the 100 an hour that OWASP ASVS 4.0
(2.2.1) allowed, above human clumsiness. Who keeps filling somebody's bucket can keep them from logging in,
one try in 90 s excepted; the limit by address makes that cost them addresses."""
ADDRESS_LIMIT: Final = Limit(attempts=100, window=900)
"""Ten times as many: an office or a school shares an address."""


MAIL_LIMIT: Final = Limit(attempts=5, window=3_600)
"""Mails that strangers can have sent to one address: enough for who mistypes, too few to fill a mailbox."""


def charged(arrival: float | None, limit: Limit, *, now: float) -> float | None:
    """Give the number after one more attempt, or None when that is one too many."""
    after = max(now if arrival is None else arrival, now) + limit.interval
    return after if after - now <= limit.ceiling else None


def refunded(arrival: float, limit: Limit) -> float:
    """Give the number when one attempt is taken back."""
    return arrival - limit.interval


def wait(arrival: float, limit: Limit, *, now: float) -> int:
    """Give the whole seconds (at least 1) until the next attempt can succeed."""
    return max(1, math.ceil(arrival + limit.interval - limit.window - now))


def account_key(email: str) -> str:
    """Name the bucket of an account."""
    return f"account:{_hashed(email)}"


def mail_key(email: str) -> str:
    """Name the bucket of the mails to an address that anybody can ask for."""
    return f"mail:{_hashed(email)}"


def address_key(address: str) -> str:
    """Name the bucket of an address; IPv6 by its /64, which one customer has whole."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "address:" + address[:64]
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return f"address:{parsed.ipv4_mapped}"
        return f"address:{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return f"address:{parsed}"


def _hashed(email: str) -> str:
    """Hide what was typed, because people type passwords into the wrong field: 128 bits of its SHA-256."""
    return hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()[:32]
