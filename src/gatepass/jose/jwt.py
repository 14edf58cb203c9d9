"""JSON Web Tokens: claims that are signed, and judged by a Policy (RFC 7519)."""

import re
from collections.abc import Callable, Mapping
from os import urandom
from typing import Any, Final, TypeVar, overload

import msgspec

from gatepass.jose import b64, jws, strict_json
from gatepass.jose.claims import LAST_DATE, check_types
from gatepass.jose.errors import ClaimInvalid, ClaimMissing, Malformed, TooLong, WrongType
from gatepass.jose.header import media_type, parse_header
from gatepass.jose.keys import Key
from gatepass.jose.keyset import KeySet
from gatepass.jose.policy import DEFAULT_MAX_LENGTH, Policy, check_algorithms
from gatepass.jose.verdicts import Decrypted, Unverified, Verified

__all__ = [
    "decrypt",
    "encrypt",
    "issue",
    "nest",
    "open_nested",
    "peek",
    "peek_header",
    "sign",
    "verify",
    "verify_nested",
]

T = TypeVar("T")
_FIRST_NAME: Final = re.compile(r"[`.\[]")

_LONGEST_LIFE: Final = LAST_DATE // 2  # seconds: the sum of two of them is a date that `verify` accepts


def sign(claims: Mapping[str, object] | msgspec.Struct, key: Key, *, typ: str) -> str:
    """Sign claims and give the token.

    Args:
        claims: an object of JSON values; registered claims must have their types.
        key: a private key or a shared secret.
        typ: says which kind of token this is (RFC 8725 §3.11).

    Raises:
        KeyInvalid: the key cannot sign.
        ClaimInvalid: a registered claim has a wrong type.
        Malformed: a value cannot be written as strict JSON.
    """
    members = claims if type(claims) is dict else _members(claims)
    check_types(members)
    return jws.sign(strict_json.encode_object(members), key, typ=typ)


def _members(claims: object) -> dict[str, Any]:
    if isinstance(claims, msgspec.Struct):
        members: dict[str, Any] = msgspec.to_builtins(claims)
        return members
    if isinstance(claims, Mapping):
        return dict(claims)
    raise Malformed("claims are a mapping")


def issue(
    claims: Mapping[str, object],
    key: Key,
    *,
    typ: str,
    lifetime: float,
    now: float,
    entropy: Callable[[int], bytes] = urandom,
) -> str:
    """Sign claims, with `iat`, `exp` and `jti` filled in.

    Args:
        claims: as for `sign`, without these three.
        key: as for `sign`.
        typ: as for `sign`.
        lifetime: seconds from `now` to `exp`.
        now: seconds since the epoch; `iat` is its whole second.
        entropy: gives random bytes; `jti` takes 16 of them.

    Raises:
        ClaimInvalid: `claims` holds one of the three, or `lifetime` leads nowhere.
        KeyInvalid, Malformed: as for `sign`.
    """
    for name in ("iat", "exp", "jti"):
        if name in claims:
            raise ClaimInvalid(f"the claim {name!r} is filled in here", name)
    if not 0 < lifetime <= _LONGEST_LIFE:
        raise ClaimInvalid("a token lives for a positive, finite time", "exp")
    if not 0 <= now <= _LONGEST_LIFE:
        raise ClaimInvalid("now is not a time in seconds since 1970", "iat")
    issued = int(now)
    filled = {**claims, "iat": issued, "exp": int(issued + lifetime), "jti": b64.encode(entropy(16))}
    return sign(filled, key, typ=typ)


@overload
def verify(token: str, keys: Key | KeySet, policy: Policy, *, now: float) -> Verified[dict[str, Any]]: ...
@overload
def verify(
    token: str, keys: Key | KeySet, policy: Policy, *, now: float, claims_type: type[T]
) -> Verified[T]: ...
def verify(
    token: str, keys: Key | KeySet, policy: Policy, *, now: float, claims_type: type[Any] | None = None
) -> Verified[Any]:
    """Check a token's signature and judge its claims.

    Args:
        token: the compact JWS.
        keys: a key, or a set in which the header finds exactly one.
        policy: what is accepted.
        now: seconds since the epoch.
        claims_type: a `msgspec.Struct` (or dataclass, TypedDict) that the claims must fit; `Verified.claims`
            is then one.

    Raises:
        JoseError: with a stable `code`; nothing else.
    """
    text, key, header = jws.signed(token, keys, policy.algorithms, policy._typ, policy.max_length)
    claims = strict_json.decode_object(text)
    policy._judge(claims, now)
    return Verified(claims if claims_type is None else _typed(claims, claims_type), header.members, key.kid)


def _typed(claims: dict[str, Any], claims_type: type[T]) -> T:
    try:
        return msgspec.convert(claims, claims_type)
    except msgspec.ValidationError as error:
        message = str(error)
    # msgspec says "Object missing required field `sub`" or "Expected … - at `$.roles[0]`": of that, only
    # the name.
    missing, _, inside = message.partition(" - at `$.")
    if inside:
        raise ClaimInvalid("a claim does not fit the type asked for", _FIRST_NAME.split(inside)[0])
    if missing.startswith("Object missing required field"):
        raise ClaimMissing(missing.split("`")[1])
    raise ClaimInvalid("the claims do not fit the type asked for", "")


def encrypt(
    claims: Mapping[str, object] | msgspec.Struct,
    key: Key,
    *,
    enc: str,
    typ: str,
    entropy: Callable[[int], bytes] = urandom,
) -> str:
    """Encrypt claims that nobody signs; see `Decrypted` for what that proves, and `nest` for more.

    Args:
        claims: as for `sign`.
        key: the receiver's public key, or a shared secret.
        enc: the content encryption, for example A256GCM.
        typ: says which kind of token this is.
        entropy: gives random bytes.

    Raises:
        KeyInvalid, AlgorithmNotAllowed: the key cannot encrypt, or not with this `enc`.
        ClaimInvalid, Malformed: as for `sign`.
    """
    from gatepass.jose import jwe

    members = _members(claims)
    check_types(members)
    return jwe.encrypt(strict_json.encode_object(members), key, enc=enc, typ=typ, entropy=entropy)


@overload
def decrypt(token: str, keys: Key | KeySet, policy: Policy, *, now: float) -> Decrypted[dict[str, Any]]: ...
@overload
def decrypt(
    token: str, keys: Key | KeySet, policy: Policy, *, now: float, claims_type: type[T]
) -> Decrypted[T]: ...
def decrypt(
    token: str, keys: Key | KeySet, policy: Policy, *, now: float, claims_type: type[Any] | None = None
) -> Decrypted[Any]:
    """Decrypt a token of claims that nobody signed, and judge them; arguments as for `verify`.

    The policy names JWE `algorithms` and `encryptions`.

    Raises:
        JoseError: with a stable `code`; nothing else.
    """
    from gatepass.jose import jwe

    text, key, header = jwe.opened(token, keys, policy.algorithms, policy.encryptions, policy.max_length)
    if media_type(header.typ) != policy._typ:
        raise WrongType("the header's typ is not the one expected")
    claims = strict_json.decode_object(text)
    _check_replicated(header.members, claims)
    policy._judge(claims, now)
    return Decrypted(claims if claims_type is None else _typed(claims, claims_type), header.members, key.kid)


def _check_replicated(header: Mapping[str, Any], claims: Mapping[str, Any]) -> None:
    """Refuse claims in the header that are not those inside (RFC 7519 §5.3)."""
    for name in ("iss", "sub", "aud"):
        if name in header and header[name] != claims.get(name):
            raise ClaimInvalid(f"the claim {name!r} differs between header and token", name)


def nest(
    claims: Mapping[str, object] | msgspec.Struct,
    signing_key: Key,
    encryption_key: Key,
    *,
    typ: str,
    enc: str,
    entropy: Callable[[int], bytes] = urandom,
) -> str:
    """Sign claims, then encrypt the signed token: secret, and its writer proved (RFC 7519 §11.2).

    Args:
        claims: as for `sign`.
        signing_key: the writer's private key.
        encryption_key: the receiver's public key, or a shared secret.
        typ: the `typ` of the signed token inside.
        enc: the content encryption, for example A256GCM.
        entropy: gives random bytes.

    Raises:
        KeyInvalid, AlgorithmNotAllowed, ClaimInvalid, Malformed: as for `sign` and `encrypt`.
    """
    from gatepass.jose import jwe

    inner = sign(claims, signing_key, typ=typ)
    return jwe.encrypt(inner.encode("ascii"), encryption_key, enc=enc, typ=None, cty="JWT", entropy=entropy)


@overload
def verify_nested(
    token: str,
    decryption_keys: Key | KeySet,
    keys: Key | KeySet,
    policy: Policy,
    *,
    algorithms: frozenset[str],
    encryptions: frozenset[str],
    now: float,
) -> Verified[dict[str, Any]]: ...
@overload
def verify_nested(
    token: str,
    decryption_keys: Key | KeySet,
    keys: Key | KeySet,
    policy: Policy,
    *,
    algorithms: frozenset[str],
    encryptions: frozenset[str],
    now: float,
    claims_type: type[T],
) -> Verified[T]: ...
def verify_nested(
    token: str,
    decryption_keys: Key | KeySet,
    keys: Key | KeySet,
    policy: Policy,
    *,
    algorithms: frozenset[str],
    encryptions: frozenset[str],
    now: float,
    claims_type: type[Any] | None = None,
) -> Verified[Any]:
    """Decrypt a token, then verify the signed token inside it.

    Args:
        token: the compact JWE, whose `cty` is JWT.
        decryption_keys: what opens it.
        keys: what verifies the token inside, as for `verify`.
        policy: what is accepted inside; its `max_length` holds for the outside too.
        algorithms: JOSE names of the `alg` outside.
        encryptions: JOSE names of the `enc` outside.
        now: seconds since the epoch.
        claims_type: as for `verify`.

    Raises:
        JoseError: with a stable `code`; nothing else.
        ValueError: `algorithms` or `encryptions` is empty, mixed, or holds an unknown name.
    """
    inner, header = open_nested(
        token,
        decryption_keys,
        algorithms=algorithms,
        encryptions=encryptions,
        max_length=policy.max_length,
    )
    verified = verify(inner, keys, policy, now=now)
    _check_replicated(header, verified.claims)
    if claims_type is None:
        return verified
    return Verified(_typed(verified.claims, claims_type), verified.header, verified.kid)


def open_nested(
    token: str,
    decryption_keys: Key | KeySet,
    *,
    algorithms: frozenset[str],
    encryptions: frozenset[str],
    max_length: int = DEFAULT_MAX_LENGTH,
) -> tuple[str, Mapping[str, Any]]:
    """Decrypt a token, and give the signed token inside it, which nobody has checked yet, with the outer
    header: for who does the two steps of `verify_nested` apart.

    Args:
        token: the compact JWE, whose `cty` is JWT.
        decryption_keys: what opens it.
        algorithms: JOSE names of the `alg` outside.
        encryptions: JOSE names of the `enc` outside.
        max_length: characters; a longer token is refused before anything is decoded.

    Raises:
        JoseError: with a stable `code`; nothing else.
        ValueError: `algorithms` or `encryptions` is empty, mixed, or holds an unknown name.
    """
    from gatepass.jose import jwe

    check_algorithms(algorithms, encryptions)
    inner, _, header = jwe.opened(token, decryption_keys, algorithms, encryptions, max_length)
    if media_type(header.cty) != "jwt":
        raise WrongType("the header's cty does not announce a token")
    if media_type(header.typ) not in (None, "jwt"):
        raise WrongType("the header's typ is not that of a nested token")
    return inner.decode("latin-1"), header.members


def peek_header(token: str) -> Mapping[str, Any]:
    """Show the header of a token, signed or encrypted; nothing of it is checked but its form.

    Raises:
        Malformed: neither a compact JWS nor a compact JWE.
    """
    segments = _segments(token)
    if len(segments) not in (3, 5):
        raise Malformed("neither a compact JWS nor a compact JWE")
    return parse_header(segments[0]).members


def peek(token: str) -> Unverified:
    """Show a token's header and claims; nothing of it is checked but its form.

    Raises:
        Malformed: not a compact JWS with claims.
    """
    segments = _segments(token)
    if len(segments) != 3:
        raise Malformed("not a compact JWS")
    header = parse_header(segments[0])
    text, _ = b64.decode_pair(segments[1], segments[2])
    return Unverified(strict_json.decode_object(text), header.members)


def _segments(token: object) -> list[str]:
    if not isinstance(token, str):
        raise Malformed("a token is text")
    if len(token) > DEFAULT_MAX_LENGTH:
        raise TooLong("the token is too long")
    return token.split(".")
