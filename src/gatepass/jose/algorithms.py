"""The JWS algorithms: one table, every other file is handed a row of it (RFC 7518 §3, RFC 8037, RFC 8812, RFC
9864, RFC 9964).

A row says which key it takes and how such a key signs and checks. `none` is not in the table, so nothing can
ask for it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.hmac import HMAC

from gatepass.jose.errors import BadSignature

Family: TypeAlias = Literal["mac", "signature", "direct", "wrapping", "password", "encryption", "agreement"]
Sign: TypeAlias = Callable[[bytes], bytes]
Check: TypeAlias = Callable[[bytes, bytes], None]  # (message, signature); raises BadSignature


@dataclass(frozen=True, slots=True)
class KeyShape:
    """The key an algorithm takes: JWK `kty`, curves (or ML-DSA set), or the bytes of a secret."""

    kty: str
    curves: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    default: int = 0  # of a generated secret, where that is more than the least


@dataclass(frozen=True, slots=True)
class JwsAlgorithm:
    """One row: its JOSE name, the key it takes, and what binds such a key to signing and to checking."""

    name: str
    family: Family
    shape: KeyShape
    rfc: str
    signer: Callable[[Any], Sign]  # takes the secret or the private key
    checker: Callable[[Any], Check]  # takes the secret or the public key


_MOST_SECRET = 1024  # bytes: a longer secret adds nothing, HMAC hashes it first


def _hmac(name: str, digest: hashes.HashAlgorithm) -> JwsAlgorithm:
    size = digest.digest_size

    def signer(secret: bytes) -> Sign:
        copy = HMAC(secret, digest).copy  # keyed once, copied for each token

        def sign(message: bytes) -> bytes:
            mac = copy()
            mac.update(message)
            return mac.finalize()

        return sign

    def checker(secret: bytes) -> Check:
        copy = HMAC(secret, digest).copy

        def check(message: bytes, signature: bytes) -> None:
            mac = copy()
            mac.update(message)
            try:
                mac.verify(signature)  # as a whole, in constant time; another length never matches
            except InvalidSignature:
                raise BadSignature from None

        return check

    # RFC 7518 §3.2: a key of the same size as the hash output or larger MUST be used.
    return JwsAlgorithm(
        name, "mac", KeyShape("oct", (), size, _MOST_SECRET), "RFC 7518 §3.2", signer, checker
    )


def _rsa(name: str, pad: padding.AsymmetricPadding, digest: hashes.HashAlgorithm, rfc: str) -> JwsAlgorithm:
    def signer(private: Any) -> Sign:
        sign = private.sign
        return lambda message: sign(message, pad, digest)

    def checker(public: Any) -> Check:
        verify = public.verify
        size = (public.key_size + 7) // 8

        def check(message: bytes, signature: bytes) -> None:
            if len(signature) != size:  # RFC 8017 §8.1.2, §8.2.2: exactly as long as the modulus
                raise BadSignature
            try:
                verify(signature, message, pad, digest)
            except InvalidSignature:
                raise BadSignature from None

        return check

    return JwsAlgorithm(name, "signature", KeyShape("RSA"), rfc, signer, checker)


def _pkcs1(name: str, digest: hashes.HashAlgorithm) -> JwsAlgorithm:
    return _rsa(name, padding.PKCS1v15(), digest, "RFC 7518 §3.3")


def _pss(name: str, digest: hashes.HashAlgorithm) -> JwsAlgorithm:
    # RFC 7518 §3.5: MGF1 with the same hash, and a salt of exactly the size of the hash.
    return _rsa(name, padding.PSS(padding.MGF1(digest), digest.digest_size), digest, "RFC 7518 §3.5")


def _ecdsa(name: str, curve: str, size: int, digest: hashes.HashAlgorithm, rfc: str) -> JwsAlgorithm:
    # RFC 8725 §3.2 asks for RFC 6979, so that a bad random source cannot give the private key away.
    # OpenSSL's nonce serves that end: it hashes the private key and the message with the random bytes.
    # Measured, RFC 6979 costs ES256 another sixth, and loses the defence against induced faults.
    scheme = ec.ECDSA(digest)

    def signer(private: Any) -> Sign:
        sign = private.sign
        return lambda message: der_to_raw(sign(message, scheme), size)

    def checker(public: Any) -> Check:
        verify = public.verify

        def check(message: bytes, signature: bytes) -> None:
            if len(signature) != 2 * size:  # RFC 7518 §3.4: r‖s, each as long as the field; never DER
                raise BadSignature
            try:
                verify(raw_to_der(signature, size), message, scheme)  # OpenSSL refuses r or s out of range
            except InvalidSignature:
                raise BadSignature from None

        return check

    return JwsAlgorithm(name, "signature", KeyShape("EC", (curve,)), rfc, signer, checker)


# What DER puts before an INTEGER of 32 bytes: one zero more where the first bit is set.
_P256_HEADS: Final = {
    (r, s): (bytes((0x30, 0x44 + r + s, 0x02, 0x20 + r)) + bytes(r), bytes((0x02, 0x20 + s)) + bytes(s))
    for r in (0, 1)
    for s in (0, 1)
}


def raw_to_der(signature: bytes, size: int) -> bytes:
    """Write r‖s, each of `size` bytes, as the DER SEQUENCE of two INTEGERs that OpenSSL wants.

    By hand, because it is on the path of every token: a quarter of the time of the way through two `int`s.
    """
    if size == 32 and signature[0] and signature[32]:  # all but one in 128 signatures
        first, second = _P256_HEADS[signature[0] >> 7, signature[32] >> 7]
        return first + signature[:32] + second + signature[32:]
    r = signature[:size].lstrip(b"\0")
    s = signature[size:].lstrip(b"\0")
    if not r or r[0] & 0x80:
        r = b"\0" + r
    if not s or s[0] & 0x80:
        s = b"\0" + s
    body = b"\x02%c%b\x02%c%b" % (len(r), r, len(s), s)
    # Two INTEGERs of P-521 need 138 bytes, past the 127 of the short form of a length.
    return (b"\x30%c%b" if len(body) < 0x80 else b"\x30\x81%c%b") % (len(body), body)


def der_to_raw(signature: bytes, size: int) -> bytes:
    """Write OpenSSL's DER signature as r‖s, each of `size` bytes."""
    # The usual form of ES256 first: neither INTEGER is shorter than the field.
    if len(signature) >= 70 and size == 32:
        end = 4 + signature[3]
        if signature[3] >= 32 and signature[end + 1] >= 32:
            return signature[end - 32 : end] + signature[-32:]
    start = 4 if signature[1] < 0x80 else 5
    end = start + signature[start - 1]
    # An INTEGER may carry one leading zero, or be shorter than the field.
    return signature[start:end][-size:].rjust(size, b"\0") + signature[end + 2 :][-size:].rjust(size, b"\0")


def _pure(name: str, shape: KeyShape, sizes: frozenset[int], rfc: str) -> JwsAlgorithm:
    """EdDSA and ML-DSA: the key itself knows everything."""

    def signer(private: Any) -> Sign:
        sign: Sign = private.sign
        return sign

    def checker(public: Any) -> Check:
        verify = public.verify

        def check(message: bytes, signature: bytes) -> None:
            if len(signature) not in sizes:
                raise BadSignature
            try:
                verify(signature, message)
            except InvalidSignature:
                raise BadSignature from None

        return check

    return JwsAlgorithm(name, "signature", shape, rfc, signer, checker)


_SHA256, _SHA384, _SHA512 = hashes.SHA256(), hashes.SHA384(), hashes.SHA512()

JWS_ALGORITHMS: Final[dict[str, JwsAlgorithm]] = {
    row.name: row
    for row in (
        _hmac("HS256", _SHA256),
        _hmac("HS384", _SHA384),
        _hmac("HS512", _SHA512),
        _pkcs1("RS256", _SHA256),
        _pkcs1("RS384", _SHA384),
        _pkcs1("RS512", _SHA512),
        _pss("PS256", _SHA256),
        _pss("PS384", _SHA384),
        _pss("PS512", _SHA512),
        _ecdsa("ES256", "P-256", 32, _SHA256, "RFC 7518 §3.4"),
        _ecdsa("ES384", "P-384", 48, _SHA384, "RFC 7518 §3.4"),
        _ecdsa("ES512", "P-521", 66, _SHA512, "RFC 7518 §3.4"),
        _ecdsa("ES256K", "secp256k1", 32, _SHA256, "RFC 8812 §3.2"),
        _pure("Ed25519", KeyShape("OKP", ("Ed25519",)), frozenset({64}), "RFC 9864 §2.2"),
        _pure("Ed448", KeyShape("OKP", ("Ed448",)), frozenset({114}), "RFC 9864 §2.2"),
        _pure("EdDSA", KeyShape("OKP", ("Ed25519", "Ed448")), frozenset({64, 114}), "RFC 8037 §3.1"),
        _pure("ML-DSA-44", KeyShape("AKP", ("ML-DSA-44",)), frozenset({2420}), "RFC 9964"),
        _pure("ML-DSA-65", KeyShape("AKP", ("ML-DSA-65",)), frozenset({3309}), "RFC 9964"),
        _pure("ML-DSA-87", KeyShape("AKP", ("ML-DSA-87",)), frozenset({4627}), "RFC 9964"),
    )
}
