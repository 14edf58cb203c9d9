"""Passwords: argon2id, and its profile. What may become a password is in `password_rules`; hashes that other
systems made are in `foreign_hashes`.

Slow on purpose: an adapter runs this off the event loop.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import foreign_hashes

if TYPE_CHECKING:
    from gatepass.auth.opaque import Entropy

MAX_LENGTH: Final = 1024
"""Characters: room for any passphrase, capped before hashing so that nobody hashes a book."""
SALT_BYTES: Final = 16  # RFC 9106 §3.1
HASH_BYTES: Final = 32

_OURS: Final = "$argon2id$v=19$"


class Profile(msgspec.Struct, frozen=True):
    """The cost of argon2id (RFC 9106): memory in KiB, passes, lanes."""

    memory: int
    passes: int
    lanes: int


OWASP_2025: Final = Profile(memory=19_456, passes=2, lanes=1)
"""19 MiB, t=2, p=1: the argon2id profile of the OWASP Password Storage Cheat Sheet and of ASVS 5.0
(11.4.2 and its appendix on cryptography); 20 ms here."""
CURRENT: Final = OWASP_2025


def can_be_password(password: str) -> bool:
    """Say whether it is worth hashing: what could never have been set is not."""
    return 0 < len(password) <= MAX_LENGTH and is_text(password)


def hash_password(password: str, *, entropy: Entropy, profile: Profile = CURRENT) -> str:
    """Give the encoded hash, exactly as received: no truncation, no case (ASVS 5.0, 6.2.8)."""
    from argon2.low_level import Type, hash_secret

    return hash_secret(
        password.encode("utf-8"),
        entropy(SALT_BYTES),
        time_cost=profile.passes,
        memory_cost=profile.memory,
        parallelism=profile.lanes,
        hash_len=HASH_BYTES,
        type=Type.ID,
    ).decode("ascii")


def verify_password(encoded: str | None, password: str, *, profile: Profile = CURRENT) -> bool:
    """Say whether the password is the hashed one. For None the same work is done, and the answer is False."""
    from argon2.exceptions import InvalidHashError, VerificationError
    from argon2.low_level import Type, verify_secret

    if not encoded or not can_be_password(password):
        encoded, password = None, "-"
    if encoded is not None and not encoded.startswith(_OURS):
        return foreign_hashes.verify(encoded, password)
    try:
        # argon2 compares in constant time.
        verify_secret((encoded or _dummy(profile)).encode("ascii"), password.encode("utf-8"), Type.ID)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return encoded is not None


def needs_rehash(encoded: str, *, profile: Profile = CURRENT) -> bool:
    """Say whether the hash was made under another profile."""
    from argon2 import extract_parameters
    from argon2.exceptions import InvalidHashError
    from argon2.low_level import Type

    try:
        found = extract_parameters(encoded)
    except InvalidHashError:
        return True
    cost = Profile(memory=found.memory_cost, passes=found.time_cost, lanes=found.parallelism)
    return found.type is not Type.ID or cost != profile or found.hash_len != HASH_BYTES


def _dummy(profile: Profile) -> str:
    """Write a hash that no password has, at a profile's cost: to verify it is as much work as a real one.

    Written, not made: making one would hold 19 MiB from the first moment on.
    """
    salt, nothing = (b64encode(bytes(count)).rstrip(b"=").decode() for count in (SALT_BYTES, HASH_BYTES))
    return f"{_OURS}m={profile.memory},t={profile.passes},p={profile.lanes}${salt}${nothing}"


def is_text(password: str) -> bool:
    """Say whether it can be written as UTF-8."""
    try:
        password.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
