"""One signing key: next → active → retiring → retired, as a table, and how it rests.

Three invariants: a new key is published before it signs; no key signs a token that it cannot outlive; a key
that no longer signs stays published until the last token it signed is dead. A compromised one is an
exception: it is gone at once, and another signs at once (docs/adr/0015).
"""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import sealing
from gatepass.auth.errors import SealBroken
from gatepass.jose import Key

if TYPE_CHECKING:
    from gatepass.auth.opaque import Entropy, Secret


class KeyState(StrEnum):
    """Where a key stands."""

    NEXT = "next"
    """Published, and does not sign yet."""
    ACTIVE = "active"
    RETIRING = "retiring"
    """Signs no more; published while tokens that it signed live."""
    RETIRED = "retired"
    """No longer published; its public half is known as long as an expired token of it may be renewed."""
    REMOVED = "removed"
    """Forgotten; no record has this state."""


class KeyEvent(Enum):
    """What happens to a key."""

    TIME_TO_SIGN = auto()
    SUCCEEDED = auto()
    """Another key took over."""
    REPLACED = auto()
    """Another next key was wanted. A process that has not heard of it yet may sign with this one for a
    moment, so it leaves like any other."""
    LAST_TOKEN_DEAD = auto()
    LAST_RENEWAL_DEAD = auto()
    COMPROMISED = auto()
    """Somebody else may have its private half."""


class KeyEffect(Enum):
    """What is done about it."""

    SIGN = auto()
    STOP_SIGNING = auto()
    UNPUBLISH = auto()
    """And the private half is wiped."""
    FORGET = auto()


TRANSITIONS: Final[dict[tuple[KeyState, KeyEvent], tuple[KeyState, KeyEffect]]] = {
    (KeyState.NEXT, KeyEvent.TIME_TO_SIGN): (KeyState.ACTIVE, KeyEffect.SIGN),
    (KeyState.NEXT, KeyEvent.REPLACED): (KeyState.RETIRING, KeyEffect.STOP_SIGNING),
    (KeyState.ACTIVE, KeyEvent.SUCCEEDED): (KeyState.RETIRING, KeyEffect.STOP_SIGNING),
    (KeyState.RETIRING, KeyEvent.LAST_TOKEN_DEAD): (KeyState.RETIRED, KeyEffect.UNPUBLISH),
    (KeyState.RETIRED, KeyEvent.LAST_RENEWAL_DEAD): (KeyState.REMOVED, KeyEffect.FORGET),
    (KeyState.NEXT, KeyEvent.COMPROMISED): (KeyState.REMOVED, KeyEffect.FORGET),
    (KeyState.ACTIVE, KeyEvent.COMPROMISED): (KeyState.REMOVED, KeyEffect.FORGET),
    (KeyState.RETIRING, KeyEvent.COMPROMISED): (KeyState.REMOVED, KeyEffect.FORGET),
    (KeyState.RETIRED, KeyEvent.COMPROMISED): (KeyState.REMOVED, KeyEffect.FORGET),
}

PUBLISHED: Final = frozenset({KeyState.NEXT, KeyState.ACTIVE, KeyState.RETIRING})


class KeyRecord(msgspec.Struct, frozen=True):
    """A signing key at rest; times are seconds since the epoch."""

    kid: str
    alg: str
    state: KeyState
    public_jwk: bytes
    """The public half, as JSON."""
    sealed_private: bytes | None
    """The private half as JSON, sealed under the key-encryption key; None once it is wiped."""
    created_at: float
    activates_at: float
    """From then on it signs."""
    retires_at: float | None = None
    """From then on it is no longer published; known once it stopped signing."""
    removed_at: float | None = None
    """From then on it is forgotten; known once it is no longer published."""

    def __repr__(self) -> str:
        return f"KeyRecord(kid={self.kid!r}, alg={self.alg!r}, state={self.state.value!r})"


def new_record(
    alg: str,
    *,
    kek: Secret,
    entropy: Entropy,
    state: KeyState,
    activates_at: float,
    now: float,
) -> KeyRecord:
    """Generate a key and seal its private half."""
    key = Key.generate(alg)
    kid = key.thumbprint()
    private = msgspec.json.encode(key.to_private_jwk())
    return KeyRecord(
        kid=kid,
        alg=alg,
        state=state,
        public_jwk=msgspec.json.encode(key.to_jwk()),
        sealed_private=sealing.seal(private, kek=kek, label=kid, entropy=entropy),
        created_at=now,
        activates_at=activates_at,
    )


def opens(record: KeyRecord, *, kek: Secret) -> bool:
    """Say whether the key-encryption key opens the private half; one that is wiped needs none."""
    if record.sealed_private is None:
        return True
    try:
        sealing.open_sealed(record.sealed_private, kek=kek, label=record.kid)
    except SealBroken:
        return False
    return True
