"""Encrypted access tokens at the Service: opened first, then judged like any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from gatepass.jose import ClaimInvalid, Key, KeyNotFound, KeySet, jwt
from gatepass.oauth import (
    CONTENT_ENCRYPTIONS,
    RECIPIENT_ALGORITHMS,
    EncryptedElsewhere,
    NotEncrypted,
    is_encrypted,
)

if TYPE_CHECKING:
    from gatepass.jose import Policy, Verified

Encryption: TypeAlias = Literal["required", "optional"]
"""Whether a token must be encrypted. `optional` is for the time in which Auth begins, or stops, to do it."""

# Claims that a header may repeat for who cannot open the token (RFC 7519 §5.3). Auth writes none.
_REPEATED: Final = ("iss", "sub", "aud")


class Envelope:
    """What opens the tokens that are encrypted to this Service."""

    def __init__(self, keys: Key | KeySet, *, encryption: Encryption) -> None:
        self._keys = keys if isinstance(keys, KeySet) else KeySet([keys])
        self._required = encryption == "required"
        self._algorithms = frozenset(key.alg for key in self._keys)
        if encryption not in ("required", "optional"):
            raise ValueError("encryption is required or optional")
        if not self._algorithms or not self._algorithms <= RECIPIENT_ALGORITHMS:
            raise ValueError(f"decryption keys are for {' or '.join(sorted(RECIPIENT_ALGORITHMS))}")
        if not all(key.is_private for key in self._keys):
            raise ValueError("decryption keys are private keys; the public half is Auth's")

    def verify(self, token: str, keys: KeySet, policy: Policy, *, now: float) -> Verified[dict[str, Any]]:
        """Open a token, then verify what is inside.

        Raises `JoseError`, `NotEncrypted`, `EncryptedElsewhere`.
        """
        return jwt.verify(self.inside(token), keys, policy, now=now)

    def inside(self, token: str) -> str:
        """Give the signed token, of which nothing is checked yet. Raises the same."""
        if not is_encrypted(token):
            if self._required:
                raise NotEncrypted("the token is not encrypted")
            return token
        try:
            inner, header = jwt.open_nested(
                token, self._keys, algorithms=self._algorithms, encryptions=CONTENT_ENCRYPTIONS
            )
        except KeyNotFound:
            # An error of its own: for an unknown key of the issuer its keys are fetched, for this one not.
            raise EncryptedElsewhere("no decryption key has the header's kid") from None
        for name in _REPEATED:
            if name in header:
                raise ClaimInvalid(f"the header repeats the claim {name!r}", name)
        return inner
