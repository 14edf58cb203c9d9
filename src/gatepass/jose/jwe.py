"""Compact JWE: encrypt some bytes to a key, and decrypt them (RFC 7516)."""

from collections.abc import Mapping
from os import urandom
from typing import Any

from gatepass.jose import b64
from gatepass.jose.errors import (
    AlgorithmNotAllowed,
    DecryptionFailed,
    KeyInvalid,
    Malformed,
    TooLong,
    WrongType,
)
from gatepass.jose.header import Header, media_type, parse_header
from gatepass.jose.jwe_algorithms import DIRECT_KEYS, JWE_ALGORITHMS, Entropy, Unwrap
from gatepass.jose.jwe_encryptions import ENCRYPTIONS, ContentEncryption, Open
from gatepass.jose.jws import header_segment, keep_head, remember
from gatepass.jose.keys import Key
from gatepass.jose.keyset import KeySet
from gatepass.jose.policy import DEFAULT_MAX_LENGTH, check_algorithms

__all__ = ["decrypt", "encrypt"]


def encrypt(
    plaintext: bytes,
    key: Key,
    *,
    enc: str,
    typ: str | None,
    cty: str | None = None,
    entropy: Entropy = urandom,
) -> str:
    """Encrypt some bytes and give the compact JWE.

    Args:
        plaintext: what nobody else may read. Who wrote it is not proved when `key` is a public key.
        key: the receiver's public key, or a shared secret.
        enc: the content encryption, for example A256GCM.
        typ: the header's `typ`; None leaves it out.
        cty: the header's `cty`.
        entropy: gives random bytes: one pair of key and nonce must never come twice.

    Raises:
        KeyInvalid: the key cannot encrypt, or not with this `enc`.
        AlgorithmNotAllowed: no such `enc`.
        Malformed: the plaintext is not bytes, or `typ` or `cty` cannot be written as JSON.
    """
    if not isinstance(plaintext, bytes):
        raise Malformed("a plaintext is bytes")
    encryption = ENCRYPTIONS.get(enc)
    if encryption is None:
        raise AlgorithmNotAllowed("no such content encryption")
    if key._wrap is None:
        raise KeyInvalid("the key cannot encrypt")
    content_key, carried, extra = key._wrap(encryption, entropy)
    alg = "dir" if key.alg in DIRECT_KEYS else key.alg
    name = (enc, typ, cty)
    head = None if extra else key._heads.get(name)
    if head is None:
        head = header_segment({"alg": alg, "enc": enc, "kid": key.kid, "typ": typ, "cty": cty} | extra)
        if not extra:
            keep_head(key, name, head)
    iv = entropy(encryption.iv_size)
    ciphertext, tag = encryption.sealer(content_key)(iv, plaintext, head)
    segments = (head, *map(b64.encode_ascii, (carried, iv, ciphertext, tag)))
    return b".".join(segments).decode("ascii")


def decrypt(
    token: str,
    keys: Key | KeySet,
    *,
    typ: str | None,
    algorithms: frozenset[str],
    encryptions: frozenset[str],
    max_length: int = DEFAULT_MAX_LENGTH,
) -> tuple[bytes, Mapping[str, Any]]:
    """Decrypt a compact JWE and give its plaintext and its header.

    Args:
        token: the compact JWE.
        keys: a private key or shared secret, or a set in which the header finds exactly one.
        typ: the one `typ` that the header must have; None means that it must have none.
        algorithms: JOSE names of `alg`: all for shared secrets, or all for public keys. PBES2 counts as a
            family of its own.
        encryptions: JOSE names of `enc`.
        max_length: characters; a longer token is refused before anything is decoded.

    Raises:
        JoseError: Malformed, CriticalHeader, AlgorithmNotAllowed, KeyNotFound, KeyInvalid, WrongType or
            DecryptionFailed.
        ValueError: one of the lists is empty, mixed, or holds an unknown name.
    """
    check_algorithms(algorithms, encryptions)
    plaintext, _, header = opened(token, keys, algorithms, encryptions, max_length)
    if media_type(header.typ) != media_type(typ):
        raise WrongType("the header's typ is not the one expected")
    return plaintext, header.members


def opened(
    token: object,
    keys: Key | KeySet,
    algorithms: frozenset[str],
    encryptions: frozenset[str],
    max_length: int,
) -> tuple[bytes, Key, Header]:
    """Give the plaintext of a JWE, the key that opened it and the typed header."""
    if not isinstance(token, str):
        raise Malformed("a token is text")
    if len(token) > max_length:
        raise TooLong("the token is too long")
    segments = token.split(".")
    if len(segments) != 5:
        raise Malformed("not a compact JWE")
    head, carried, iv, ciphertext, tag = segments
    seen = keys._seen.get(head)
    header = parse_header(head) if seen is None else seen[1]
    enc = header.members.get("enc")
    if header.alg not in algorithms or enc not in encryptions:
        raise AlgorithmNotAllowed("the header's algorithm is not allowed")
    key = keys._find(header) if seen is None else seen[0]
    if key._unwrap is None:
        raise KeyInvalid("the key cannot decrypt")
    if bool(carried) != JWE_ALGORITHMS[header.alg].carries:
        raise Malformed("the encrypted key is missing, or not expected")
    encrypted_key, sealed = b64.decode_pair(carried, ciphertext)
    nonce, mark = b64.decode_pair(iv, tag)
    open_ = key._openers.get(enc) or _opener(key, key._unwrap, ENCRYPTIONS[enc], header, encrypted_key)
    plaintext = open_(nonce, sealed, mark, head.encode("ascii"))
    if seen is None and "epk" not in header.members and "iv" not in header.members:
        remember(keys, head, key, header)
    return plaintext, key, header


def _opener(
    key: Key, unwrap: Unwrap, encryption: ContentEncryption, header: Header, encrypted_key: bytes
) -> Open:
    """Unwrap the content key and bind it; that of a direct key stays with the key."""
    try:
        content_key = unwrap(encryption, header.members, encrypted_key)
    except DecryptionFailed:
        content_key = b""
    if len(content_key) != encryption.key_size:
        # RFC 7516 §11.5: go on with a key that opens nothing, so that both failures look and last the same.
        content_key = urandom(encryption.key_size)
    open_ = encryption.opener(content_key)
    if header.alg == "dir":
        key._openers[encryption.name] = open_
    return open_
