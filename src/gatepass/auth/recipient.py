"""To whom access tokens are encrypted: the Service's public key, as it is known at this moment."""

from __future__ import annotations

import hmac
import struct
from typing import TYPE_CHECKING

from gatepass.auth.errors import RecipientUnknown
from gatepass.jose import b64
from gatepass.oauth import CONTENT_ENCRYPTIONS, RECIPIENT_ALGORITHMS

if TYPE_CHECKING:
    from gatepass.auth.opaque import Entropy, Secret
    from gatepass.jose import Key


class Recipient:
    """The Service that reads the tokens. Its key may come later, and be replaced, from another task."""

    __slots__ = ("_enc", "_key")

    def __init__(self, *, enc: str, key: Key | None = None) -> None:
        if enc not in CONTENT_ENCRYPTIONS:
            raise ValueError("no content encryption for access tokens")
        self._enc = enc
        self._key: Key | None = None
        if key is not None:
            self.replace(key)

    def replace(self, key: Key) -> None:
        """Encrypt to another key from now on. Raises `ValueError` for one that is none of a recipient."""
        if key.alg not in RECIPIENT_ALGORITHMS or key.is_private:
            raise ValueError(
                f"a recipient's key is a public one, for {' or '.join(sorted(RECIPIENT_ALGORITHMS))}"
            )
        self._key = key

    def seal(self, token: str, *, entropy: Entropy) -> str:
        """Encrypt a signed token (RFC 7519 §11.2). Raises `RecipientUnknown`."""
        from gatepass.jose import jwe  # only for who encrypts

        if self._key is None:
            raise RecipientUnknown
        return jwe.encrypt(
            token.encode("ascii"), self._key, enc=self._enc, typ=None, cty="JWT", entropy=entropy
        )


def jti_of_record(*, family: str, issued_at: float, kek: Secret) -> str:
    """Name an encrypted token by its refresh record: Auth cannot open it, and must still know which it is
    when it comes back to be renewed. Nobody else can work the name out."""
    mac = hmac.digest(
        kek.reveal(), b"gatepass jti 1" + struct.pack(">d", issued_at) + family.encode(), "sha256"
    )
    return b64.encode(mac[:16])
