"""Auth: what every use case is given; put together in one place, by wiring or by a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatepass.auth.keyring import CurrentKeyring
from gatepass.auth.sealing import KEK_BYTES
from gatepass.oauth import SHARED_ALGORITHM

if TYPE_CHECKING:
    from gatepass.auth.opaque import Entropy, Secret
    from gatepass.auth.ports import Breaches, Passwords, Store
    from gatepass.auth.recipient import Recipient
    from gatepass.auth.terms import Terms
    from gatepass.oauth import SharedSecrets


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """The ports, the secrets and the terms. Call `usecases.keep_keys` once before anything that signs."""

    store: Store
    passwords: Passwords
    entropy: Entropy
    """So many random bytes that nobody can predict, such as `os.urandom`."""
    kek: Secret
    """The key-encryption key: 32 bytes that are not in the database."""
    terms: Terms
    shared_secrets: SharedSecrets | None = None
    """In the shared-secret mode, what signs; there are no signing keys then."""
    breaches: Breaches | None = None
    """The passwords that nobody may choose, beside the commonest; None: the operator has no such list."""
    recipient: Recipient | None = None
    """To whom access tokens are encrypted; None: everybody who holds one can read it."""
    keyring: CurrentKeyring = field(default_factory=CurrentKeyring)

    def __post_init__(self) -> None:
        if len(self.kek.reveal()) != KEK_BYTES:
            raise ValueError(f"the key-encryption key must have {KEK_BYTES} bytes")
        if (self.terms.signing_algorithm == SHARED_ALGORITHM) != (self.shared_secrets is not None):
            raise ValueError(f"{SHARED_ALGORITHM} and shared secrets belong together")
