"""The registered claims and their types, and the judgement of a Policy over them (RFC 7519 §4.1)."""

from collections.abc import Mapping
from typing import Any, Final

from gatepass.jose.errors import ClaimInvalid, ClaimMissing, Expired, NotYetValid, TooOld
from gatepass.jose.policy import Policy

# The end of the year 9999: past it no calendar at hand can show the date, and a value in milliseconds is
# not a date in 57000.
_LAST_DATE: Final = 253_402_300_799
_TEXTS: Final = ("iss", "sub", "jti")
_DATES: Final = ("exp", "nbf", "iat")


def check_claims(claims: Mapping[str, Any], policy: Policy, now: float) -> None:
    """Judge claims by a policy; `now` is seconds since the epoch.

    Raises:
        ClaimMissing, ClaimInvalid, Expired, NotYetValid, TooOld: the first thing that is wrong.
    """
    # On the hot path: each line does the least, and the exact reason is looked for only once something is
    # wrong.
    get = claims.get
    if get("iss") != policy.issuer:
        _refuse(claims, "iss")
    if get("aud") != policy.audience:
        _check_audience(claims, policy.audience)
    for name in policy._others:
        if name not in claims:
            raise ClaimMissing(name)
    if type(get("sub", "")) is not str or type(get("jti", "")) is not str:
        check_types(claims)
    _check_times(claims, policy, now)


def _check_times(claims: Mapping[str, Any], policy: Policy, now: float) -> None:
    get = claims.get
    exp, nbf, iat = get("exp"), get("nbf", 0), get("iat", 0)
    if type(exp) is not int or type(nbf) is not int or type(iat) is not int:
        exp, nbf, iat = _date(claims, "exp"), _date(claims, "nbf", 0), _date(claims, "iat", 0)
    # Each comparison is written so that a NaN in `now` refuses.
    if not now < exp <= _LAST_DATE:
        _date(claims, "exp")
        raise Expired
    latest = now + policy.leeway
    if not 0 <= nbf <= latest:
        _date(claims, "nbf")
        raise NotYetValid("nbf")
    if not 0 <= iat <= latest:
        _date(claims, "iat")
        raise NotYetValid("iat")
    if policy.max_age is not None and not now - iat <= policy.max_age:
        raise TooOld


def check_types(claims: Mapping[str, Any]) -> None:
    """Refuse registered claims of a wrong type (RFC 7519 §4.1).

    Raises:
        ClaimInvalid: naming the claim.
    """
    for name in _TEXTS:
        if not isinstance(claims.get(name, ""), str):
            raise ClaimInvalid(f"the claim {name!r} is not a string", name)
    for name in _DATES:
        if name in claims:
            _date(claims, name)
    audience = claims.get("aud", "")
    if not isinstance(audience, str) and not _is_texts(audience):
        raise ClaimInvalid("the claim 'aud' is neither a string nor an array of strings", "aud")


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _date(claims: Mapping[str, Any], name: str, default: int | None = None) -> int | float:
    """Give a NumericDate: finite, not a bool, from 1970 to 9999 (RFC 7519 §2)."""
    value = claims.get(name, default)
    if value is None and name not in claims:
        raise ClaimMissing(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= _LAST_DATE:
        raise ClaimInvalid(f"the claim {name!r} is not a date in seconds since 1970", name)
    return value


def _refuse(claims: Mapping[str, Any], name: str) -> None:
    if name not in claims:
        raise ClaimMissing(name)
    raise ClaimInvalid(f"the claim {name!r} is not the one expected", name)


def _check_audience(claims: Mapping[str, Any], expected: str) -> None:
    audience = claims.get("aud")
    if not (_is_texts(audience) and expected in audience):  # type: ignore[operator]
        _refuse(claims, "aud")
