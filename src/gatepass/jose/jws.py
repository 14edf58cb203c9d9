"""Compact JWS: sign some bytes, and verify that they were signed (RFC 7515)."""

from collections.abc import Mapping
from typing import Any, Final

from gatepass.jose import b64, strict_json
from gatepass.jose.b64 import encode_ascii as encode
from gatepass.jose.errors import AlgorithmNotAllowed, KeyInvalid, Malformed, TooLong, WrongType
from gatepass.jose.header import Header, media_type, parse_header
from gatepass.jose.keys import Key
from gatepass.jose.keyset import KeySet
from gatepass.jose.policy import DEFAULT_MAX_LENGTH, check_algorithms

__all__ = ["sign", "verify"]

# Header segments remembered per key or set, and the longest of them: a key's own tokens have one or two, of
# 60 characters.
_MOST_SEEN: Final = 64
_LONGEST_SEEN: Final = 512


def sign(payload: bytes, key: Key, *, typ: str | None, cty: str | None = None) -> str:
    """Sign some bytes and give the compact JWS.

    Args:
        payload: what is signed; it can be read by anyone.
        key: a private key or a shared secret.
        typ: the header's `typ`; None leaves it out.
        cty: the header's `cty`.

    Raises:
        KeyInvalid: the key cannot sign.
        Malformed: the payload is not bytes, or `typ` or `cty` cannot be written as JSON.
    """
    if not isinstance(payload, bytes):
        raise Malformed("a payload is bytes")
    signer = key._sign
    if signer is None:
        raise KeyInvalid("the key cannot sign")
    name = typ if cty is None else (typ, cty)
    head = key._heads.get(name) or keep_head(
        key, name, header_segment({"alg": key.alg, "kid": key.kid, "typ": typ, "cty": cty}) + b"."
    )
    message = head + encode(payload)
    return (message + b"." + encode(signer(message))).decode()


def keep_head(key: Key, name: object, head: bytes) -> bytes:
    """Remember at the key a header segment that is the same for every token."""
    if len(key._heads) >= _MOST_SEEN:
        key._heads.clear()
    key._heads[name] = head
    return head


def header_segment(members: dict[str, Any]) -> bytes:
    """Write a header; members that are None are left out."""
    text = strict_json.encode_object({name: value for name, value in members.items() if value is not None})
    return b64.encode_ascii(text)


def verify(
    token: str,
    keys: Key | KeySet,
    *,
    typ: str | None,
    algorithms: frozenset[str],
    max_length: int = DEFAULT_MAX_LENGTH,
) -> tuple[bytes, Mapping[str, Any]]:
    """Check the signature of a compact JWS and give its payload and its header; judge no claims.

    Args:
        token: the compact JWS.
        keys: a key, or a set in which the header finds exactly one.
        typ: the one `typ` that the header must have; None means that it must have none.
        algorithms: JOSE names of one family.
        max_length: characters; a longer token is refused before anything is decoded.

    Raises:
        JoseError: Malformed, CriticalHeader, AlgorithmNotAllowed, KeyNotFound, KeyInvalid, WrongType or
            BadSignature.
        ValueError: `algorithms` is empty, mixed, or holds an unknown name.
    """
    check_algorithms(algorithms)
    payload, _, header = signed(token, keys, algorithms, media_type(typ), max_length)
    return payload, header.members


def signed(
    token: object, keys: Key | KeySet, algorithms: frozenset[str], typ: str | None, max_length: int
) -> tuple[bytes, Key, Header]:
    """Give the payload of a JWS whose signature is good, the key that signed and the typed header.

    On the path of every token: with `jwt.verify` around it some 3.5 µs above the primitive.
    """
    if not isinstance(token, str):
        raise Malformed("a token is text")
    if len(token) > max_length:
        raise TooLong("the token is too long")
    message, _, tail = token.rpartition(".")
    head, dot, body = message.partition(".")
    if not dot:
        raise Malformed("not a compact JWS")
    payload, signature = b64.decode_pair(body, tail)  # a further dot is not in their alphabet
    # An issuer writes the same header segment into every token. One that came with a good signature is
    # remembered with what it means; nobody else's can get in, so a stranger cannot fill the map.
    seen = keys._seen.get(head)
    if seen is None:
        header = parse_header(head)
        key = None
    else:
        key, header = seen
    if header.alg not in algorithms:
        raise AlgorithmNotAllowed("the header's algorithm is not allowed")
    if header.typ != typ and media_type(header.typ) != typ:
        raise WrongType("the header's typ is not the one expected")
    if key is None:
        key = keys._find(header)
    check = key._check
    if check is None:
        raise KeyInvalid("the key cannot verify signatures")
    check(message.encode(), signature)
    if seen is None:
        remember(keys, head, key, header)
    return payload, key, header


def remember(keys: Key | KeySet, head: str, key: Key, header: Header) -> None:
    """Keep what a header segment means, once its token has proved to be good."""
    if header.plain and len(head) <= _LONGEST_SEEN:
        if len(keys._seen) >= _MOST_SEEN:
            keys._seen.clear()
        keys._seen[head] = key, header
