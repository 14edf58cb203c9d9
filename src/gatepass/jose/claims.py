"""The registered claims and their types, and the judgement of a Policy over them (RFC 7519 §4.1)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias, TypeGuard

from gatepass.jose.errors import ClaimInvalid, ClaimMissing, Expired, NotYetValid, TooOld

# (claims, now in seconds since the epoch); raises ClaimMissing, ClaimInvalid, Expired, NotYetValid or TooOld
Judge: TypeAlias = Callable[[dict[str, Any], float], None]

LAST_DATE: Final = 253_402_300_799
"""The end of the year 9999: past it no calendar at hand can show the date, and a value in milliseconds is
not a date in 57000."""


def judge_of(
    issuer: str, audience: str, others: tuple[str, ...], leeway: float, max_age: float | None
) -> Judge:
    """Bind what a policy expects, once, into the function that judges claims by it."""

    def judge(claims: dict[str, Any], now: float) -> None:
        # On the path of every token: each line does the least, and what exactly is wrong is looked for only
        # once something is. Each comparison is written so that a NaN in `now` refuses.
        get = claims.get
        if get("iss") != issuer:
            _refuse(claims, "iss")
        if get("aud") != audience:
            _check_audience(claims, audience)
        for name in others:
            if name not in claims:
                raise ClaimMissing(name)
        if type(get("sub", "")) is not str or type(get("jti", "")) is not str:
            check_types(claims)
        exp, nbf, iat = get("exp"), get("nbf", 0), get("iat", 0)
        if type(exp) is not int or type(nbf) is not int or type(iat) is not int:
            if "exp" not in claims:
                raise ClaimMissing("exp")
            exp, nbf, iat = _date("exp", exp), _date("nbf", nbf), _date("iat", iat)
        latest = now + leeway
        if not now < exp <= LAST_DATE or not 0 <= nbf <= latest or not 0 <= iat <= latest:
            _refuse_times(now, latest, exp, nbf, iat)
        if max_age is not None and not now - iat <= max_age:
            raise TooOld

    return judge


def _refuse_times(now: float, latest: float, exp: float, nbf: float, iat: float) -> NoReturn:
    """Say which of the three times is wrong."""
    for name, value in (("exp", exp), ("nbf", nbf), ("iat", iat)):
        _date(name, value)
    if not now < exp:
        raise Expired
    raise NotYetValid("iat" if nbf <= latest else "nbf")


def check_types(claims: Mapping[str, Any]) -> None:
    """Refuse registered claims of a wrong type (RFC 7519 §4.1).

    Raises:
        ClaimInvalid: naming the claim.
    """
    get = claims.get
    exp, nbf, iat = get("exp", 0), get("nbf", 0), get("iat", 0)
    if (
        type(get("iss", "")) is str
        and type(get("sub", "")) is str
        and type(get("aud", "")) is str
        and type(get("jti", "")) is str
        and type(exp) is type(nbf) is type(iat) is int
        and 0 <= exp <= LAST_DATE
        and 0 <= nbf <= LAST_DATE
        and 0 <= iat <= LAST_DATE
    ):
        return  # what nearly all claims are; the rest is looked at one by one
    for name, check in _REGISTERED.items():
        if name in claims:
            check(name, claims[name])


def _text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise ClaimInvalid(f"the claim {name!r} is not a string", name)


def _texts(name: str, value: object) -> None:
    if not isinstance(value, str) and not _is_texts(value):
        raise ClaimInvalid(f"the claim {name!r} is neither a string nor an array of strings", name)


def _is_texts(value: object) -> TypeGuard[Sequence[str]]:
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def _date(name: str, value: Any) -> int | float:
    """Give a NumericDate: finite, not a bool, from 1970 to 9999 (RFC 7519 §2)."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= LAST_DATE:
        raise ClaimInvalid(f"the claim {name!r} is not a date in seconds since 1970", name)
    return value


def _refuse(claims: Mapping[str, Any], name: str) -> None:
    if name not in claims:
        raise ClaimMissing(name)
    raise ClaimInvalid(f"the claim {name!r} is not the one expected", name)


def _check_audience(claims: Mapping[str, Any], expected: str) -> None:
    audience = claims.get("aud")
    if not (_is_texts(audience) and expected in audience):
        _refuse(claims, "aud")


_REGISTERED: Final[dict[str, Callable[[str, Any], object]]] = {
    "iss": _text,
    "sub": _text,
    "aud": _texts,
    "exp": _date,
    "nbf": _date,
    "iat": _date,
    "jti": _text,
}
