"""How a JWE seals its content: the table of `enc` (RFC 7518 §5). There is no `zip` (CVE-2024-28102)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from gatepass.jose.errors import DecryptionFailed

Seal: TypeAlias = Callable[[bytes, bytes, bytes], tuple[bytes, bytes]]  # (iv, plaintext, aad)
Open: TypeAlias = Callable[[bytes, bytes, bytes, bytes], bytes]  # (iv, ciphertext, tag, aad)


@dataclass(frozen=True, slots=True)
class ContentEncryption:
    """How the content is sealed: sizes in bytes, and what binds a content key to the two directions."""

    name: str
    key_size: int
    iv_size: int
    sealer: Callable[[bytes], Seal]
    opener: Callable[[bytes], Open]  # what it gives raises DecryptionFailed


def gcm(name: str, key_size: int) -> ContentEncryption:
    """Give the row of AES-GCM with keys of `key_size` bytes, a 96-bit nonce and a 128-bit tag."""

    def sealer(key: bytes) -> Seal:
        encrypt = AESGCM(key).encrypt

        def seal(iv: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
            sealed = encrypt(iv, plaintext, aad)
            return sealed[:-16], sealed[-16:]

        return seal

    def opener(key: bytes) -> Open:
        decrypt = AESGCM(key).decrypt

        def open_(iv: bytes, ciphertext: bytes, tag: bytes, aad: bytes) -> bytes:
            if len(iv) != 12 or len(tag) != 16:
                raise DecryptionFailed
            try:
                return decrypt(iv, ciphertext + tag, aad)
            except InvalidTag:
                raise DecryptionFailed from None

        return open_

    return ContentEncryption(name, key_size, 12, sealer, opener)  # RFC 7518 §5.3


def _cbc_hmac(name: str, half: int, digest: hashes.HashAlgorithm) -> ContentEncryption:
    def tag_of(key: bytes, iv: bytes, ciphertext: bytes, aad: bytes) -> bytes:
        mac = HMAC(key[:half], digest)
        mac.update(b"".join((aad, iv, ciphertext, (len(aad) * 8).to_bytes(8, "big"))))
        return mac.finalize()[:half]

    def sealer(key: bytes) -> Seal:
        def seal(iv: bytes, plaintext: bytes, aad: bytes) -> tuple[bytes, bytes]:
            pad = PKCS7(128).padder()
            encryptor = Cipher(algorithms.AES(key[half:]), modes.CBC(iv)).encryptor()
            ciphertext = encryptor.update(pad.update(plaintext) + pad.finalize()) + encryptor.finalize()
            return ciphertext, tag_of(key, iv, ciphertext, aad)

        return seal

    def opener(key: bytes) -> Open:
        def open_(iv: bytes, ciphertext: bytes, tag: bytes, aad: bytes) -> bytes:
            # The tag first: the padding of a forged text is never looked at (RFC 7518 §5.2.2.2).
            if len(iv) != 16 or not bytes_eq(tag, tag_of(key, iv, ciphertext, aad)):
                raise DecryptionFailed
            decryptor = Cipher(algorithms.AES(key[half:]), modes.CBC(iv)).decryptor()
            unpad = PKCS7(128).unpadder()
            try:
                padded = decryptor.update(ciphertext) + decryptor.finalize()
                return unpad.update(padded) + unpad.finalize()
            except ValueError:  # only whoever knows the key gets this far
                raise DecryptionFailed from None

        return open_

    return ContentEncryption(name, 2 * half, 16, sealer, opener)  # RFC 7518 §5.2


ENCRYPTIONS: Final[dict[str, ContentEncryption]] = {
    row.name: row
    for row in (
        gcm("A128GCM", 16),
        gcm("A192GCM", 24),
        gcm("A256GCM", 32),
        _cbc_hmac("A128CBC-HS256", 16, hashes.SHA256()),
        _cbc_hmac("A192CBC-HS384", 24, hashes.SHA384()),
        _cbc_hmac("A256CBC-HS512", 32, hashes.SHA512()),
    )
}
