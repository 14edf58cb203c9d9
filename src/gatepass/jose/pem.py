"""Keys from and to PEM and DER: PKCS#8, SPKI, the older OpenSSL forms, and X.509 certificates (RFC 7468, RFC
5958, RFC 5280).

Imported only when a key is read or written so: `serialization` and `x509` double the cost of importing
`cryptography`.
"""

from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization

from gatepass.jose import b64
from gatepass.jose.errors import KeyInvalid
from gatepass.jose.material import Material, of_private, of_public

_ENCODINGS = {"PEM": serialization.Encoding.PEM, "DER": serialization.Encoding.DER}


def read_pem(data: bytes, password: bytes | None) -> tuple[Material, str | None]:
    """Give the material in a PEM block, and its x5t#S256 when that is a certificate.

    Raises:
        KeyInvalid: not one readable key, or it is encrypted and the password is not right.
    """
    if data.count(b"-----BEGIN ") - data.count(b"-----BEGIN EC PARAMETERS") != 1:
        raise KeyInvalid("not exactly one PEM block")
    if b"-----BEGIN CERTIFICATE-----" in data:
        return _certificate(lambda: x509.load_pem_x509_certificate(data))
    if b" PUBLIC KEY-----" in data:
        return of_public(_load(lambda: serialization.load_pem_public_key(data))), None
    return of_private(_load(lambda: serialization.load_pem_private_key(data, password))), None


def read_der(data: bytes, password: bytes | None) -> tuple[Material, str | None]:
    """Give the material in DER bytes, and its x5t#S256 when those are a certificate.

    Raises:
        KeyInvalid: not a readable key, or it is encrypted and the password is not right.
    """
    try:
        return of_public(_load(lambda: serialization.load_der_public_key(data))), None
    except KeyInvalid:
        pass
    try:
        return _certificate(lambda: x509.load_der_x509_certificate(data))
    except KeyInvalid:
        pass
    return of_private(_load(lambda: serialization.load_der_private_key(data, password))), None


def _certificate(load: Callable[[], x509.Certificate]) -> tuple[Material, str]:
    """Take the key out of a certificate; who issued it and until when it holds is for the caller to judge."""
    certificate = _load(load)
    return of_public(_load(certificate.public_key)), b64.encode(certificate.fingerprint(hashes.SHA256()))


def _load(load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):  # the last: X448 of a wrong length
        raise KeyInvalid("not a readable key, or its password is not right") from None


def write_public(material: Material, encoding: str) -> bytes:
    """Give the public half as SubjectPublicKeyInfo; `encoding` is PEM or DER."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    written: bytes = material.public.public_bytes(_ENCODINGS[encoding], form)
    return written


def write_private(material: Material, encoding: str, password: bytes | None) -> bytes:
    """Give the private half as PKCS#8, encrypted if there is a password; `encoding` is PEM or DER.

    Raises:
        KeyInvalid: the password is empty: whoever hands one over does not want the key in the clear.
    """
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        if not password:
            raise KeyInvalid("a password for a private key is not empty")
        encryption = serialization.BestAvailableEncryption(password)
    written: bytes = material.private.private_bytes(
        _ENCODINGS[encoding], serialization.PrivateFormat.PKCS8, encryption
    )
    return written
