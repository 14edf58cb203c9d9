"""What must not be read from the database alone: private keys, and the answers that a grace repeats.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce in front. Private keys: under the key-encryption
key, bound to their kid. Answers: under HKDF-SHA-256 (RFC 5869) of the presented token, salted with the
key-encryption key, so that only who holds both opens them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gatepass.auth.errors import SealBroken

if TYPE_CHECKING:
    from gatepass.auth.opaque import Entropy, Secret

KEK_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_GRACE_INFO: Final = b"gatepass grace 1"


def seal(data: bytes, *, kek: Secret, label: str, entropy: Entropy) -> bytes:
    """Seal a private key; `label` (its kid) is bound in, so that two records cannot be exchanged."""
    return _encrypt(kek.reveal(), data, label.encode(), entropy)


def open_sealed(sealed: bytes, *, kek: Secret, label: str) -> bytes:
    """Open a private key. Raises `SealBroken`."""
    return _decrypt(kek.reveal(), sealed, label.encode())


def seal_answer(data: bytes, *, presented: str, kek: Secret, entropy: Entropy) -> bytes:
    """Seal an answer for whoever presents the same token again."""
    return _encrypt(_answer_key(presented, kek), data, b"", entropy)


def open_answer(sealed: bytes, *, presented: str, kek: Secret) -> bytes:
    """Open an answer with the token that got it. Raises `SealBroken`."""
    return _decrypt(_answer_key(presented, kek), sealed, b"")


def _answer_key(presented: str, kek: Secret) -> bytes:
    return HKDF(SHA256(), 32, salt=kek.reveal(), info=_GRACE_INFO).derive(presented.encode("ascii"))


def _encrypt(key: bytes, data: bytes, label: bytes, entropy: Entropy) -> bytes:
    nonce = entropy(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, label)


def _decrypt(key: bytes, sealed: bytes, label: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label)
    except (InvalidTag, ValueError):
        raise SealBroken from None
