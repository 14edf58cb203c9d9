"""The keyring: the keys of one moment, opened.

Which key signs is decided by the clock, not by who wrote the last state: every process that knows the records
chooses the same one.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from gatepass.auth import sealing
from gatepass.auth.errors import KeysUnavailable
from gatepass.auth.signing_keys import PUBLISHED, KeyRecord, KeyState
from gatepass.auth.verified import VerifiedTokens
from gatepass.jose import Key, KeySet
from gatepass.oauth import SHARED_ALGORITHM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gatepass.auth.opaque import Secret
    from gatepass.oauth import SharedSecrets


class Keyring:
    """The keys of one moment, opened, and what they verified; the keys are replaced as a whole."""

    def __init__(self, signers: Sequence[tuple[float, Key]], published: KeySet, known: KeySet) -> None:
        self._signers = sorted(signers, key=lambda signer: signer[0], reverse=True)
        self.published = published
        """Next, active and retiring keys, or the shared secrets: what a token may be checked with."""
        self.known = known
        """Retired ones too: what an expired token may be renewed with."""
        self.verified = VerifiedTokens()
        """Tokens that the published ones have verified."""

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

    @classmethod
    def of_secrets(cls, secrets: SharedSecrets) -> Keyring:
        """Take what is shared with the Services: the first one signs, all verify, none is published."""
        return cls([(0.0, secrets.signing)], secrets.keys, secrets.keys)

    def signing_key(self, now: float) -> Key:
        """Give the newest key whose time has come. Raises `KeysUnavailable`."""
        for activates_at, key in self._signers:
            if activates_at <= now:
                return key
        raise KeysUnavailable

    @cached_property
    def algorithms(self) -> frozenset[str]:
        """The algorithms of the known keys."""
        return frozenset(key.alg for key in self.known)

    @cached_property
    def jwks(self) -> Mapping[str, object] | None:
        """The public key set to be published; None where a secret is shared instead."""
        return None if SHARED_ALGORITHM in self.algorithms else self.published.to_jwks()


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
