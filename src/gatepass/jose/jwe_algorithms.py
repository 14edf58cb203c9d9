"""The JWE algorithms: the table of `alg`, how the content key is carried (RFC 7518 §4).

RSA1_5 is not in it: its padding is Bleichenbacher's oracle (RFC 8725 §3.2, RFC 7516 §11.5).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from gatepass.jose import b64, jwk
from gatepass.jose.algorithms import Family, KeyShape
from gatepass.jose.errors import DecryptionFailed, KeyInvalid, Malformed
from gatepass.jose.jwe_encryptions import ENCRYPTIONS, ContentEncryption, gcm
from gatepass.jose.material import Material, generate

Entropy: TypeAlias = Callable[[int], bytes]
HeaderMembers: TypeAlias = Mapping[str, Any]
# (encryption, entropy) -> the content key, what carries it, and the header members that say how
Wrap: TypeAlias = Callable[[ContentEncryption, Entropy], tuple[bytes, bytes, dict[str, Any]]]
# (encryption, header, what carries it) -> the content key; raises DecryptionFailed or Malformed
Unwrap: TypeAlias = Callable[[ContentEncryption, HeaderMembers, bytes], bytes]


@dataclass(frozen=True, slots=True)
class JweAlgorithm:
    """One row: its JOSE name, the key it takes, and what binds such a key to wrapping and to unwrapping."""

    name: str
    family: Family
    shape: KeyShape
    rfc: str
    wrapper: Callable[[Material], Wrap]
    unwrapper: Callable[[Material], Unwrap]
    carries: bool = True  # whether the token holds an encrypted key


def _octets(header: HeaderMembers, name: str) -> bytes:
    value = header.get(name)
    if value is None:
        raise Malformed(f"the header parameter {name!r} is missing")
    return b64.decode(value)


def _direct(name: str, least: int, most: int) -> JweAlgorithm:
    def check(secret: bytes, enc: ContentEncryption) -> bytes:
        if len(secret) != enc.key_size or name not in ("dir", enc.name):
            raise KeyInvalid("the key is not one for this content encryption")
        return secret

    def wrapper(material: Material) -> Wrap:
        return lambda enc, _entropy: (check(material.opener, enc), b"", {})

    def unwrapper(material: Material) -> Unwrap:
        return lambda enc, _header, _encrypted: check(material.opener, enc)

    shape = KeyShape("oct", (), least, most, default=max(least, min(32, most)))
    return JweAlgorithm(name, "direct", shape, "RFC 7518 §4.5", wrapper, unwrapper, carries=False)


def _unwrapped(key: bytes, encrypted: bytes) -> bytes:
    try:
        return aes_key_unwrap(key, encrypted)
    except (InvalidUnwrap, ValueError):
        raise DecryptionFailed from None


def _aes_kw(name: str, size: int) -> JweAlgorithm:
    def wrapper(material: Material) -> Wrap:
        def wrap(enc: ContentEncryption, entropy: Entropy) -> tuple[bytes, bytes, dict[str, Any]]:
            key = entropy(enc.key_size)
            return key, aes_key_wrap(material.opener, key), {}

        return wrap

    def unwrapper(material: Material) -> Unwrap:
        return lambda _enc, _header, encrypted: _unwrapped(material.opener, encrypted)

    return JweAlgorithm(
        name, "wrapping", KeyShape("oct", (), size, size), "RFC 7518 §4.4", wrapper, unwrapper
    )


def _gcm_kw(name: str, size: int) -> JweAlgorithm:
    cipher = gcm(name, size)

    def wrapper(material: Material) -> Wrap:
        seal = cipher.sealer(material.opener)

        def wrap(enc: ContentEncryption, entropy: Entropy) -> tuple[bytes, bytes, dict[str, Any]]:
            key, iv = entropy(enc.key_size), entropy(cipher.iv_size)
            encrypted, tag = seal(iv, key, b"")
            return key, encrypted, {"iv": b64.encode(iv), "tag": b64.encode(tag)}

        return wrap

    def unwrapper(material: Material) -> Unwrap:
        open_ = cipher.opener(material.opener)

        def unwrap(_enc: ContentEncryption, header: HeaderMembers, encrypted: bytes) -> bytes:
            return open_(_octets(header, "iv"), encrypted, _octets(header, "tag"), b"")

        return unwrap

    return JweAlgorithm(
        name, "wrapping", KeyShape("oct", (), size, size), "RFC 7518 §4.7", wrapper, unwrapper
    )


def _rsa_oaep(name: str, digest: hashes.HashAlgorithm) -> JweAlgorithm:
    pad = padding.OAEP(padding.MGF1(digest), digest, None)

    def wrapper(material: Material) -> Wrap:
        def wrap(enc: ContentEncryption, entropy: Entropy) -> tuple[bytes, bytes, dict[str, Any]]:
            key = entropy(enc.key_size)
            return key, material.public.encrypt(key, pad), {}

        return wrap

    def unwrapper(material: Material) -> Unwrap:
        def unwrap(_enc: ContentEncryption, _header: HeaderMembers, encrypted: bytes) -> bytes:
            try:
                key: bytes = material.private.decrypt(encrypted, pad)
            except ValueError:
                raise DecryptionFailed from None
            return key

        return unwrap

    return JweAlgorithm(name, "encryption", KeyShape("RSA"), "RFC 7518 §4.3", wrapper, unwrapper)


def _exchange(private: Any, public: Any) -> bytes:
    """Agree on a secret; `cryptography` refuses the all-zero one of X25519 and X448 (RFC 7748 §6)."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.exchange(ec.ECDH(), public)
    shared: bytes = private.exchange(public)
    return shared


def _concat_kdf(shared: bytes, name: str, size: int, header: HeaderMembers) -> bytes:
    """Derive `size` bytes for the algorithm `name` (RFC 7518 §4.6.2)."""
    parts = (
        name.encode("ascii"),
        b64.decode(header.get("apu", "")),
        b64.decode(header.get("apv", "")),
    )
    info = b"".join(len(part).to_bytes(4, "big") + part for part in parts) + (size * 8).to_bytes(4, "big")
    return ConcatKDFHash(hashes.SHA256(), size, info).derive(shared)


def _ephemeral(header: HeaderMembers, material: Material) -> Any:
    """Give the sender's ephemeral public key, checked to be a point of our own curve (CVE-2015-7940)."""
    epk = header.get("epk")
    if not isinstance(epk, dict) or epk.get("crv") != material.curve or epk.get("kty") != material.kty:
        raise Malformed("the header parameter 'epk' is missing or not of the key's curve")
    try:
        return jwk.read({name: epk[name] for name in ("kty", "crv", "x", "y") if name in epk}).public
    except KeyInvalid:
        raise Malformed("the header parameter 'epk' is not a key") from None


def _ecdh(name: str, wrap_size: int | None) -> JweAlgorithm:
    """ECDH-ES: the agreed key is the content key, or wraps it (RFC 7518 §4.6, RFC 8037 §3.2)."""

    def wrapper(material: Material) -> Wrap:
        def wrap(enc: ContentEncryption, entropy: Entropy) -> tuple[bytes, bytes, dict[str, Any]]:
            mine = generate(material.curve, 0)
            shared = _exchange(mine.private, material.public)
            extra = {"epk": jwk.public_members(mine)}
            if wrap_size is None:
                return _concat_kdf(shared, enc.name, enc.key_size, {}), b"", extra
            key = entropy(enc.key_size)
            return key, aes_key_wrap(_concat_kdf(shared, name, wrap_size, {}), key), extra

        return wrap

    def unwrapper(material: Material) -> Unwrap:
        def unwrap(enc: ContentEncryption, header: HeaderMembers, encrypted: bytes) -> bytes:
            theirs = _ephemeral(header, material)
            try:
                shared = _exchange(material.private, theirs)
            except ValueError:
                raise DecryptionFailed from None
            if wrap_size is None:
                return _concat_kdf(shared, enc.name, enc.key_size, header)
            return _unwrapped(_concat_kdf(shared, name, wrap_size, header), encrypted)

        return unwrap

    shape = KeyShape("EC", ("P-256", "P-384", "P-521", "X25519", "X448"))
    return JweAlgorithm(
        name, "agreement", shape, "RFC 7518 §4.6", wrapper, unwrapper, carries=wrap_size is not None
    )


# RFC 7518 §4.8.1.2 wants 1,000 at least; a stranger's count is our time: 1,200,000 is 0.5 s (RFC 8725bis
# §3.13).
_LEAST_COUNT, _MOST_COUNT = 1_000, 1_200_000
_LEAST_SALT = 8  # bytes, RFC 7518 §4.8.1.1
# Bytes. RFC 7518 §8.8 recommends 16 or 32 to 128; below 8 no count helps, and a longer one is hashed first.
_LEAST_PASSWORD, _MOST_PASSWORD = 8, 1024


def _pbes2(name: str, digest: hashes.HashAlgorithm, size: int, count: int) -> JweAlgorithm:
    def derive(password: bytes, salt: bytes, rounds: int) -> bytes:
        salted = name.encode("ascii") + b"\0" + salt
        return PBKDF2HMAC(digest, size, salted, rounds).derive(password)

    def wrapper(material: Material) -> Wrap:
        def wrap(enc: ContentEncryption, entropy: Entropy) -> tuple[bytes, bytes, dict[str, Any]]:
            key, salt = entropy(enc.key_size), entropy(16)
            wrapped = aes_key_wrap(derive(material.opener, salt, count), key)
            return key, wrapped, {"p2s": b64.encode(salt), "p2c": count}

        return wrap

    def unwrapper(material: Material) -> Unwrap:
        def unwrap(_enc: ContentEncryption, header: HeaderMembers, encrypted: bytes) -> bytes:
            salt, rounds = _octets(header, "p2s"), header.get("p2c")
            if len(salt) < _LEAST_SALT:
                raise Malformed("the header parameter 'p2s' is too short")
            if not isinstance(rounds, int) or not _LEAST_COUNT <= rounds <= _MOST_COUNT:
                raise Malformed("the header parameter 'p2c' is out of range")
            return _unwrapped(derive(material.opener, salt, rounds), encrypted)

        return unwrap

    shape = KeyShape("oct", (), _LEAST_PASSWORD, _MOST_PASSWORD, default=32)
    return JweAlgorithm(name, "password", shape, "RFC 7518 §4.8", wrapper, unwrapper)


JWE_ALGORITHMS: Final[dict[str, JweAlgorithm]] = {
    row.name: row
    for row in (
        _direct("dir", 16, 64),
        _aes_kw("A128KW", 16),
        _aes_kw("A192KW", 24),
        _aes_kw("A256KW", 32),
        _gcm_kw("A128GCMKW", 16),
        _gcm_kw("A192GCMKW", 24),
        _gcm_kw("A256GCMKW", 32),
        _rsa_oaep("RSA-OAEP", hashes.SHA1()),  # noqa: S303 - RFC 7518 §4.3: sound inside OAEP (RFC 8017 §B.1)
        _rsa_oaep("RSA-OAEP-256", hashes.SHA256()),
        _rsa_oaep("RSA-OAEP-384", hashes.SHA384()),
        _rsa_oaep("RSA-OAEP-512", hashes.SHA512()),
        _ecdh("ECDH-ES", None),
        _ecdh("ECDH-ES+A128KW", 16),
        _ecdh("ECDH-ES+A192KW", 24),
        _ecdh("ECDH-ES+A256KW", 32),
        # Counts as the OWASP password storage cheat sheet has them for PBKDF2 (SHA-384: as for SHA-512).
        _pbes2("PBES2-HS256+A128KW", hashes.SHA256(), 16, 600_000),
        _pbes2("PBES2-HS384+A192KW", hashes.SHA384(), 24, 220_000),
        _pbes2("PBES2-HS512+A256KW", hashes.SHA512(), 32, 220_000),
    )
}
# A key of `dir` may name its content encryption as its own algorithm, as RFC 7520 §5.6 does; then it serves
# no other.
DIRECT_KEYS: Final[dict[str, JweAlgorithm]] = {
    enc.name: _direct(enc.name, enc.key_size, enc.key_size) for enc in ENCRYPTIONS.values()
}
