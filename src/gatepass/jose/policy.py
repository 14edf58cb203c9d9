"""What a receiver accepts: one frozen value, complete, or it cannot be built (RFC 8725 §3.1, §3.8, §3.9,
§3.11)."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from gatepass.jose.algorithms import JWS_ALGORITHMS, Family
from gatepass.jose.claims import Judge, judge_of
from gatepass.jose.header import media_type

# Room for any sane set of claims and for an ML-DSA-87 signature (6,170 characters). What is longer is
# refused unread.
DEFAULT_MAX_LENGTH: Final = 16_384
# RFC 7519 §4.1.4: "usually no more than a few minutes".
_MOST_LEEWAY: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a receiver accepts.

    Every token must carry `iss`, `aud` and `exp`; `required` names what else it must carry. `exp` has no
    leeway; `nbf` and `iat` may lie `leeway` seconds in the future.

    Args:
        issuer: the exact `iss`.
        audience: `aud` is this, or an array that holds it.
        typ: the one header `typ`; case and a leading `application/` do not count.
        algorithms: JOSE names, of one family: MACs and signatures cannot be mixed. For `jwt.decrypt`, those
            of JWE.
        leeway: seconds, 0 to 300.
        required: names of further claims.
        max_age: seconds; refuse what was issued longer ago, whatever its `exp`.
        max_length: characters of the token; longer ones are refused before anything is decoded.
        encryptions: JOSE names of content encryptions, for `jwt.decrypt` only.

    Raises:
        ValueError: something is missing, unknown or out of range.
    """

    issuer: str
    audience: str
    typ: str
    algorithms: frozenset[str]
    leeway: int = 30
    required: frozenset[str] = frozenset()
    max_age: float | None = None
    max_length: int = DEFAULT_MAX_LENGTH
    encryptions: frozenset[str] = frozenset()
    _typ: str | None = field(init=False, repr=False, compare=False)
    _judge: Judge = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in (("issuer", self.issuer), ("audience", self.audience), ("typ", self.typ)):
            _check_text(name, value)
        check_algorithms(self.algorithms, self.encryptions)
        if not 0 <= self.leeway <= _MOST_LEEWAY:
            raise ValueError(f"the leeway is 0 to {_MOST_LEEWAY} seconds")
        if self.max_age is not None and not 0 < self.max_age < float("inf"):
            raise ValueError("max_age is a positive number of seconds")
        _check_names("required", self.required)
        for claim in self.required:
            _check_text("required claims", claim)
        if self.max_length < 1:
            raise ValueError("max_length is a positive number of characters")
        required = self.required | ({"iat"} if self.max_age is not None else set())
        others = tuple(sorted(required - {"iss", "aud", "exp"}))
        judge = judge_of(self.issuer, self.audience, others, self.leeway, self.max_age)
        object.__setattr__(self, "_typ", media_type(self.typ))
        object.__setattr__(self, "_judge", judge)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError(f"a policy names its {name}")


def _check_names(name: str, names: object) -> None:
    if not isinstance(names, frozenset):
        raise ValueError(f"{name} is a frozenset of names")


def check_algorithms(algorithms: frozenset[str], encryptions: frozenset[str] = frozenset()) -> None:
    """Refuse lists that are empty, hold an unknown name, or mix families; JWE needs `encryptions`, JWS has
    none.

    Raises:
        ValueError: naming what is wrong.
    """
    _check_names("algorithms", algorithms)
    _check_names("encryptions", encryptions)
    _check_mix(algorithms, encryptions)


@lru_cache(maxsize=64)  # a caller of jws and jwe brings the same few lists with every token
def _check_mix(algorithms: frozenset[str], encryptions: frozenset[str]) -> None:
    if not algorithms:
        raise ValueError("a policy names its algorithms")
    if len({_side(name) for name in algorithms}) != 1:
        raise ValueError("algorithms of secrets, of passwords, of signatures and of public keys do not mix")
    if algorithms <= JWS_ALGORITHMS.keys():
        if encryptions:
            raise ValueError("signed tokens have no content encryption")
        return
    from gatepass.jose.jwe_encryptions import ENCRYPTIONS

    if not encryptions or not encryptions <= ENCRYPTIONS.keys():
        raise ValueError("encryptions names at least one, and only known ones")


# Which algorithms may stand in one list. Who may use both sides of a shared secret is not who may use a
# public key.
_SIDES: Final[dict[Family, str]] = {
    "mac": "mac",
    "signature": "signature",
    "direct": "secret",
    "wrapping": "secret",
    "password": "password",
    "encryption": "public",
    "agreement": "public",
}


def _side(name: str) -> str:
    if name in JWS_ALGORITHMS:
        return _SIDES[JWS_ALGORITHMS[name].family]
    from gatepass.jose.jwe_algorithms import JWE_ALGORITHMS  # only for who encrypts

    if name not in JWE_ALGORITHMS:
        raise ValueError("no such algorithm")
    return _SIDES[JWE_ALGORITHMS[name].family]
