"""JSON Web Tokens: claims that are signed, and judged by a Policy (RFC 7519)."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, overload

import msgspec

from gatepass.jose import b64, jws, strict_json
from gatepass.jose.claims import check_claims, check_types
from gatepass.jose.errors import ClaimInvalid, Malformed
from gatepass.jose.header import parse_header
from gatepass.jose.keys import Key
from gatepass.jose.keyset import KeySet
from gatepass.jose.policy import DEFAULT_MAX_LENGTH, Policy

T = TypeVar("T")


class Unverified(msgspec.Struct, frozen=True):
    """A stranger's word: good for choosing a key or showing to a person, and for nothing else."""

    claims: dict[str, Any]
    header: Mapping[str, Any]

    def __repr__(self) -> str:
        """Show no claim."""
        return "<Unverified>"


class Verified(msgspec.Struct, Generic[T], frozen=True):
    """A checked fact: only `verify` makes one."""

    claims: T
    header: Mapping[str, Any]
    kid: str | None  # of the key that signed

    def __repr__(self) -> str:
        """Show no claim."""
        return f"<Verified kid={self.kid!r}>"


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
    members = msgspec.to_builtins(claims) if isinstance(claims, msgspec.Struct) else claims
    check_types(members)
    return jws.sign(strict_json.encode_object(members), key, typ=typ)


def issue(
    claims: Mapping[str, object],
    key: Key,
    *,
    typ: str,
    lifetime: float,
    now: float,
    entropy: Callable[[int], bytes],
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
    if not lifetime > 0:
        raise ClaimInvalid("a token lives for a positive time", "exp")
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
    body, key, header = jws.signed_part(token, keys, policy.algorithms, policy._typ, policy.max_length)
    claims = strict_json.decode_object(b64.decode(body))
    check_claims(claims, policy, now)
    if claims_type is not None:
        return Verified(_typed(claims, claims_type), header.members, key.kid)
    return Verified(claims, header.members, key.kid)


def _typed(claims: dict[str, Any], claims_type: type[T]) -> T:
    try:
        return msgspec.convert(claims, claims_type)
    except msgspec.ValidationError as error:
        # The message of msgspec names types and the path, "… - at `$.roles[0]`"; only the claim's name is
        # taken from it.
        claim = str(error).rpartition("`$.")[2].partition("`")[0].partition("[")[0].partition(".")[0]
    raise ClaimInvalid("a claim does not fit the type asked for", claim)


def peek(token: str) -> Unverified:
    """Show a token's header and claims; nothing of it is checked but its form.

    Raises:
        Malformed: not a compact JWS with claims.
    """
    jws.check_length(token, DEFAULT_MAX_LENGTH)
    segments = token.split(".")
    if len(segments) != 3:
        raise Malformed("not a compact JWS")
    header = parse_header(segments[0])
    b64.decode(segments[2])
    return Unverified(strict_json.decode_object(b64.decode(segments[1])), header.members)
