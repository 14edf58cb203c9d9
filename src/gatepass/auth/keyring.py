"""The keyring: next → active → retiring → retired, as a table, and the keys of one moment, opened.

Three invariants: a new key is published before it signs; no key signs a token that it cannot outlive; a key
that no longer signs stays published until the last token it signed is dead. Which key signs is decided by
the clock, not by who wrote the last state: every process that knows the records chooses the same one.
"""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import changes, sealing
from gatepass.auth.errors import KeysUnavailable
from gatepass.jose import Key, KeySet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from gatepass.auth.opaque import Entropy, Secret
    from gatepass.auth.terms import Terms


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
    """Another next key was wanted before this one ever signed."""
    LAST_TOKEN_DEAD = auto()
    LAST_RENEWAL_DEAD = auto()


class KeyEffect(Enum):
    """What is done about it."""

    SIGN = auto()
    STOP_SIGNING = auto()
    UNPUBLISH = auto()
    """And the private half is wiped."""
    FORGET = auto()


TRANSITIONS: Final[dict[tuple[KeyState, KeyEvent], tuple[KeyState, KeyEffect]]] = {
    (KeyState.NEXT, KeyEvent.TIME_TO_SIGN): (KeyState.ACTIVE, KeyEffect.SIGN),
    (KeyState.NEXT, KeyEvent.REPLACED): (KeyState.REMOVED, KeyEffect.FORGET),
    (KeyState.ACTIVE, KeyEvent.SUCCEEDED): (KeyState.RETIRING, KeyEffect.STOP_SIGNING),
    (KeyState.RETIRING, KeyEvent.LAST_TOKEN_DEAD): (KeyState.RETIRED, KeyEffect.UNPUBLISH),
    (KeyState.RETIRED, KeyEvent.LAST_RENEWAL_DEAD): (KeyState.REMOVED, KeyEffect.FORGET),
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


class Keyring:
    """The keys of one moment, opened; immutable, replaced as a whole."""

    def __init__(self, signers: Sequence[tuple[float, Key]], published: KeySet, known: KeySet) -> None:
        self._signers = sorted(signers, key=lambda signer: signer[0], reverse=True)
        self.published = published
        """Next, active and retiring keys: what a token may be checked with."""
        self.known = known
        """Retired ones too: what an expired token may be renewed with."""

    @classmethod
    def open(cls, records: Iterable[KeyRecord], kek: Secret) -> Keyring:
        """Open the records. Raises `SealBroken` when the key-encryption key is another one."""
        signers: list[tuple[float, Key]] = []
        published: list[Key] = []
        known: list[Key] = []
        for record in records:
            public = Key.from_jwk(msgspec.json.decode(record.public_jwk), record.alg)
            known.append(public)
            if record.state in PUBLISHED:
                published.append(public)
            if record.state in {KeyState.NEXT, KeyState.ACTIVE} and record.sealed_private is not None:
                jwk = sealing.open_sealed(record.sealed_private, kek=kek, label=record.kid)
                # An active key may sign whatever the clock says: set back, it must not stop the house.
                since = 0.0 if record.state is KeyState.ACTIVE else record.activates_at
                signers.append((since, Key.from_jwk(msgspec.json.decode(jwk), record.alg)))
        return cls(signers, KeySet(published), KeySet(known))

    def signing_key(self, now: float) -> Key:
        """Give the newest key whose time has come. Raises `KeysUnavailable`."""
        for activates_at, key in self._signers:
            if activates_at <= now:
                return key
        raise KeysUnavailable

    @property
    def algorithms(self) -> frozenset[str]:
        """The algorithms of the known keys."""
        return frozenset(key.alg for key in self.known)

    def jwks(self) -> Mapping[str, object]:
        """Give the public key set to be published."""
        return self.published.to_jwks()


class CurrentKeyring:
    """The one keyring of this process; `keep_keys` replaces it."""

    __slots__ = ("_ring",)

    def __init__(self) -> None:
        self._ring: Keyring | None = None

    @property
    def ring(self) -> Keyring:
        """The keyring. Raises `KeysUnavailable` before the first one is loaded."""
        if self._ring is None:
            raise KeysUnavailable
        return self._ring

    def replace(self, ring: Keyring) -> None:
        """Take another keyring from now on."""
        self._ring = ring


def new_record(
    alg: str,
    *,
    kek: Secret,
    entropy: Entropy,
    state: KeyState,
    activates_at: float,
    now: float,
    generate: Callable[[str], Key] = Key.generate,
) -> KeyRecord:
    """Generate a key and seal its private half."""
    key = generate(alg)
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


def due(records: Sequence[KeyRecord], *, terms: Terms, now: float) -> list[changes.Change]:
    """Say which keys are to be moved or forgotten by now."""
    ripe = [r for r in records if r.state is KeyState.NEXT and r.activates_at <= now]
    moves: list[changes.Change] = [_moved(r, KeyEvent.TIME_TO_SIGN, terms=terms, now=now) for r in ripe]
    for record in records:
        if record.state is KeyState.ACTIVE and ripe:
            moves.append(_moved(record, KeyEvent.SUCCEEDED, terms=terms, now=now))
        elif record.state is KeyState.RETIRING and now >= (record.retires_at or 0):
            moves.append(_moved(record, KeyEvent.LAST_TOKEN_DEAD, terms=terms, now=now))
        elif record.state is KeyState.RETIRED and now >= (record.removed_at or 0):
            moves.append(_moved(record, KeyEvent.LAST_RENEWAL_DEAD, terms=terms, now=now))
    return moves


def replaced(record: KeyRecord, *, terms: Terms, now: float) -> changes.Change:
    """Forget a next key that never signed, because another one is wanted."""
    return _moved(record, KeyEvent.REPLACED, terms=terms, now=now)


def wants_next(records: Sequence[KeyRecord], *, terms: Terms, now: float) -> bool:
    """Say whether it is time to publish the next key."""
    if any(record.state is KeyState.NEXT for record in records):
        return False
    active = [record.activates_at for record in records if record.state is KeyState.ACTIVE]
    return not active or max(active) + terms.key_lifetime - terms.key_publish_ahead <= now


def _moved(record: KeyRecord, event: KeyEvent, *, terms: Terms, now: float) -> changes.Change:
    state, effect = TRANSITIONS[record.state, event]
    if effect is KeyEffect.FORGET:
        return changes.KeyRemoved(record.kid, record.state)
    after = msgspec.structs.replace(record, state=state)
    if effect is KeyEffect.STOP_SIGNING:
        # The last token may be signed by a process that learns of the change a little later; publish_ahead
        # covers that.
        last_token = now + terms.access_token_lifetime + terms.leeway
        after = msgspec.structs.replace(after, retires_at=last_token + terms.key_publish_ahead)
    elif effect is KeyEffect.UNPUBLISH:
        last_renewal = now + terms.refresh_idle
        after = msgspec.structs.replace(after, sealed_private=None, removed_at=last_renewal)
    return changes.KeyMoved(record.state, after)
