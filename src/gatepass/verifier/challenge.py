"""How a refusal is answered: status, headers and problem details, the same for every framework."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

import msgspec

from gatepass.oauth import challenge
from gatepass.verifier.errors import (
    CrossSite,
    Forbidden,
    LoginTooOld,
    PassMissing,
    Refused,
    TokenStale,
    Unavailable,
)

_DETAIL: Final = {
    "unauthenticated": "Log in first.",
    "invalid_token": "The pass does not hold. Renew it, or log in again.",
    "token_stale": "What you may do has changed. Renew the token; there is no need to log in.",
    "insufficient_user_authentication": "This needs a login that is not long ago. Log in again.",
    "invalid_request": "The pass must be sent once, in the way that this service expects.",
    "csrf": "The request must come from a page of this site.",
    "unavailable": "Passes cannot be checked right now. Try again soon.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, ready to be sent by any framework."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def to(self, method: str) -> Answer:
        """Give the same answer to a request of this method: HEAD gets no body (RFC 9110 §9.3.2)."""
        return replace(self, body=b"") if method == "HEAD" else self


def answer(refusal: Refused, *, realm: str) -> Answer:
    """Write the answer to a refused request (RFC 6750 §3, RFC 9457 §3). It names no cause beyond the code."""
    headers = [("content-type", "application/problem+json"), ("cache-control", "no-store")]
    if isinstance(refusal, Unavailable):
        headers.append(("retry-after", str(refusal.retry_after)))
    elif not isinstance(refusal, CrossSite):
        headers.append(("www-authenticate", _challenge(refusal, realm=realm)))
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "detail": _detail(refusal),
        "code": refusal.code,
    }
    body = msgspec.json.encode(problem)
    headers.append(("content-length", str(len(body))))
    return Answer(refusal.status, tuple(headers), body)


def _challenge(refusal: Refused, *, realm: str) -> str:
    if isinstance(refusal, PassMissing):
        return challenge(realm=realm)
    if isinstance(refusal, Forbidden) and refusal.noun == "scope":
        return challenge(realm=realm, error=refusal.code, scope={refusal.name})
    if isinstance(refusal, TokenStale):
        # The standard has one error for a token that does not hold; the description tells ours apart.
        return challenge(realm=realm, error="invalid_token", description=refusal.code)
    if isinstance(refusal, LoginTooOld):
        return challenge(realm=realm, error=refusal.code, max_age=refusal.within)
    return challenge(realm=realm, error=refusal.code)


def _detail(refusal: Refused) -> str:
    if isinstance(refusal, Forbidden):
        return f"This needs the {refusal.noun} {refusal.name}."
    return _DETAIL[refusal.code]
