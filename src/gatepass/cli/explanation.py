"""Every check that a Service makes of a token, in order, each with how it went and why.

The verdict is the Verifier's own. The list only says at which check it came about: from the error that the
same code raises, and from no second judgement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gatepass.cli.explanation_words import Words
from gatepass.jose import (
    AlgorithmNotAllowed,
    BadSignature,
    ClaimError,
    ClaimInvalid,
    CriticalHeader,
    JoseError,
    KeyInvalid,
    KeyNotFound,
    TooLong,
    WrongType,
    b64,
    jwt,
)
from gatepass.oauth import AccessToken, OAuthError
from gatepass.verifier import Refused, TokenStale, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gatepass.jose import Policy
    from gatepass.verifier import Verifier

# In the order in which a Verifier makes them; the words say what it looks for.
CHECKS: Final[dict[str, str]] = {
    "length": "short enough to be read at all",
    "shape": "three parts with points between them (RFC 7515 §7.1)",
    "base64url": "canonical: one way to spell it (RFC 7515 §2)",
    "header": "strict JSON, each member of its type, no extension (RFC 7515 §4)",
    "alg": "an algorithm that the Service accepts (RFC 8725 §3.1)",
    "typ": "an access token (RFC 9068 §4)",
    "kid": "a key that the issuer publishes, or shares, for this algorithm",
    "signature": "made by that key over these bytes",
    "claims": "strict JSON (RFC 7519 §7.2)",
    "iss": "this issuer, letter by letter",
    "aud": "this Service",
    "required": "all claims that an access token has (RFC 9068 §2.2)",
    "exp": "not over",
    "nbf": "already begun",
    "iat": "not issued in the future",
    "profile": "each claim of its type (RFC 9068)",
    "revoked": "not taken back: session, user, token, client, key",
    "stale": "what the user may do has not changed since",
    "view": "what is known of revocations is young enough",
}

_TIMES: Final = frozenset({"exp", "nbf", "iat"})


@dataclass(frozen=True, slots=True)
class Check:
    """One check: whether it went well (None: it was not reached), and why, for a person."""

    name: str
    holds: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the Service would say: None where it would let the token in, else the refusal."""

    refusal: Refused | None
    checks: tuple[Check, ...]


def explain(token: str, verifier: Verifier, policy: Policy, *, now: float) -> Explanation:
    """Ask a verifier for its verdict, and say how it came about."""
    try:
        verifier.check_token(token, now=now)
    except Refused as error:
        refusal: Refused | None = error
    else:
        refusal = None
    cause = None if refusal is None else _cause(token, refusal, verifier, policy, now=now)
    return Explanation(refusal, tuple(_listed(cause, Words(token, verifier, policy, now=now))))


# Where it failed


@dataclass(frozen=True, slots=True)
class _Cause:
    """The check that failed, why, and the earlier ones that say nothing all the same."""

    check: str
    why: str
    unseen: frozenset[str] = frozenset()


def _cause(token: str, refusal: Refused, verifier: Verifier, policy: Policy, *, now: float) -> _Cause:
    if isinstance(refusal, TokenStale):
        return _Cause("stale", "what the user may do has changed since: renewed, it holds again")
    if isinstance(refusal, Unavailable):
        return _Cause("view", "too old: the Service answers 503 until it hears of revocations again")
    view = verifier.watch.keys.view
    if view is not None:
        try:
            AccessToken.from_claims(jwt.verify(token, view.keys, policy, now=now).claims)
        except JoseError as error:
            place = _place(token, error, policy)
            # The types of all three times are looked at before any of them is compared.
            odd = place in _TIMES and type(error) is ClaimInvalid
            return _Cause(place, str(error), _TIMES - {place} if odd else frozenset())
        except OAuthError as error:
            return _Cause("profile", str(error))
    return _Cause("revoked", _REVOKED.get(refusal.reason, refusal.reason))


_REVOKED: Final = {
    "revoked_sid": "its session was ended",
    "revoked_jti": "this token was taken back",
    "revoked_sub": "all sessions of its user were ended",
    "revoked_client_id": "the tokens of its client were taken back",
    "revoked_kid": "the key that signed it was withdrawn",
    "revoked_all": "all tokens of that time were taken back",
}

_PLACES: Final[tuple[tuple[type[JoseError], str], ...]] = (
    (TooLong, "length"),
    (CriticalHeader, "header"),
    (WrongType, "typ"),
    (KeyNotFound, "kid"),
    (KeyInvalid, "kid"),
    (BadSignature, "signature"),
)


def _place(token: str, error: JoseError, policy: Policy) -> str:
    """Name the check that an error is about."""
    if isinstance(error, AlgorithmNotAllowed):
        # Either the Service does not accept it, or the key is for another one.
        return "kid" if jwt.peek_header(token).get("alg") in policy.algorithms else "alg"
    if isinstance(error, ClaimError):
        return error.claim if error.claim in {"iss", "aud", *_TIMES} else "required"
    for kind, place in _PLACES:
        if isinstance(error, kind):
            return place
    return _where_malformed(token)


def _where_malformed(token: str) -> str:
    """Tell apart what is all called malformed, by the parsers that found it."""
    if token.count(".") != 2:
        return "shape"
    if any(_fails(b64.decode, part) for part in token.split(".")):
        return "base64url"
    return "header" if _fails(jwt.peek_header, token) else "claims"


def _fails(parse: Callable[[str], object], text: str) -> bool:
    try:
        parse(text)
    except JoseError:
        return True
    return False


# The list


def _listed(cause: _Cause | None, words: Words) -> Iterator[Check]:
    reached = True
    for name, looked_for in CHECKS.items():
        if cause is not None and name == cause.check:
            yield Check(name, holds=False, why=words.of_failed(name) or cause.why)
            reached = False
        elif reached and (cause is None or name not in cause.unseen):
            yield Check(name, holds=True, why=words.of(name))
        else:
            yield Check(name, holds=None, why=looked_for)
