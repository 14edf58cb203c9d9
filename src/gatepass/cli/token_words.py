"""What the members of a token mean, and what a careful person would notice about one."""

from __future__ import annotations

from typing import Any, Final

HEADERS: Final[dict[str, str]] = {
    "alg": "how it is signed; the verifier's key decides, never this word (RFC 8725 §3.1)",
    "typ": "what kind of token it is; at+jwt is an access token (RFC 9068 §2.1)",
    "kid": "which key signed it (RFC 7515 §4.1.4)",
    "cty": "what is inside (RFC 7515 §4.1.10)",
    "crit": "extensions that must be understood; Gatepass refuses any (RFC 7515 §4.1.11)",
    "jwk": "a key that the token brings along; never to be trusted",
    "jku": "where the token wants its keys fetched; never to be followed",
    "x5u": "where the token wants its certificates fetched; never to be followed",
    "x5c": "a certificate that the token brings along; never to be trusted",
}

# Around an encrypted token the same names speak of the encryption.
OUTSIDE: Final[dict[str, str]] = {
    **HEADERS,
    "alg": "for whom it is encrypted, and how; the Service's key decides, never this word (RFC 7518 §4.1)",
    "enc": "how what is inside is encrypted (RFC 7518 §5.1)",
    "kid": "which key opens it: the Service's (RFC 7516 §4.1.6)",
    "epk": "one half of a key that was made for this token alone (RFC 7518 §4.6.1.1)",
}

CLAIMS: Final[dict[str, str]] = {
    "iss": "who issued it (RFC 7519 §4.1.1)",
    "sub": "whom it is about: the user's id (§4.1.2)",
    "aud": "for whom it is meant; everybody else must refuse it (§4.1.3)",
    "exp": "from then on it is refused (§4.1.4)",
    "nbf": "not good before (§4.1.5)",
    "iat": "when it was issued (§4.1.6)",
    "jti": "its own id (§4.1.7)",
    "client_id": "the application it was issued to (RFC 9068 §2.2)",
    "scope": "what the application may do (RFC 9068 §2.2.3)",
    "roles": "what the user is (RFC 9068 §2.2.3.1)",
    "permissions": "what the user may do",
    "sid": "the session it belongs to; ends with it",
    "epoch": "the user's authorization epoch; a lower one than the user's is out of date",
    "auth_time": "when the user logged in (RFC 9068 §2.2.1)",
    "name": "the user's name",
    "given_name": "first name",
    "family_name": "last name",
    "email": "e-mail address",
}

# Passes that say nothing by themselves: only Auth knows whose they are.
OPAQUE: Final[dict[str, str]] = {
    "gps_": "a session id: opaque, 256 random bits. Only Auth knows whose it is (POST /api/session/check).",
    "gpr_": "a refresh token: opaque, 256 random bits. Only Auth knows what it renews (POST /api/refresh).",
}

TIMES: Final = frozenset({"exp", "nbf", "iat", "auth_time", "updated_at"})

# An access token that Services check by themselves is as hard to take back as it is long. Seconds.
LONG_LIFETIME: Final = 3_600

# The end of the calendar, year 9999; beyond it a number is no moment.
LATEST: Final = 253_402_300_799

_NEVER_FOLLOWED: Final = ("jwk", "jku", "x5u", "x5c")


def warnings_of(header: dict[str, Any], claims: dict[str, Any], *, now: float) -> list[str]:
    """List what is weak, missing or over; the signature stands elsewhere."""
    return [*_header_warnings(header), *_claim_warnings(claims), *_time_warnings(claims, now=now)]


def _header_warnings(header: dict[str, Any]) -> list[str]:
    found: list[str] = []
    alg = str(header.get("alg", ""))
    if alg.lower() == "none":
        found.append("alg is none: it is not signed at all")
    elif alg.startswith("HS"):
        found.append(f"{alg} is a shared secret: every service that can check it can also forge one")
    elif alg in {"RS1", "ES256K"}:
        found.append(f"{alg} is not for access tokens")
    if "typ" not in header:
        found.append("no typ: it could be taken for another kind of token (RFC 8725 §3.11)")
    elif str(header["typ"]).lower() == "jwt":
        found.append("typ is only JWT: it does not say what kind of token it is (RFC 8725 §3.11)")
    if "kid" not in header:
        found.append("no kid: a verifier with several keys can't choose")
    found += [
        f"{name} is in the header: no verifier may believe it" for name in _NEVER_FOLLOWED if name in header
    ]
    if "crit" in header:
        found.append("crit is in the header: Gatepass refuses every such token")
    return found


def _claim_warnings(claims: dict[str, Any]) -> list[str]:
    lacking = {
        "exp": "no exp: it never ends",
        "iss": "no iss: nobody says who issued it",
        "aud": "no aud: every service would take it (RFC 8725 §3.9)",
    }
    return [words for name, words in lacking.items() if name not in claims]


def _time_warnings(claims: dict[str, Any], *, now: float) -> list[str]:
    found: list[str] = []
    exp, iat, nbf = (_moment(claims, name) for name in ("exp", "iat", "nbf"))
    if exp is not None and exp <= now:
        found.append("it has expired")
    if exp is not None and iat is not None and exp - iat > LONG_LIFETIME:
        found.append("it lives longer than an hour; a Service that checks it by itself honours it that long")
    if nbf is not None and nbf > now:
        found.append("it is not good yet (nbf)")
    if iat is not None and iat > now:
        found.append("it was issued in the future (iat): two clocks differ")
    return found


def _moment(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > LATEST:
        return None
    return float(value)
