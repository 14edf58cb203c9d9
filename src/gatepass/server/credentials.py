"""What authorises a request: the log-in cookie, a session id or an access token as bearer (RFC 6750)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import SessionId, usecases
from gatepass.oauth import BearerError, bearer_token
from gatepass.server.answers import Refused
from gatepass.server.csrf import check_origin

if TYPE_CHECKING:
    from gatepass.auth import CheckedSession
    from gatepass.server.request import Call


async def authorise(call: Call) -> CheckedSession:
    """Find out who asks, and that they may ask at all. Raises `Refused`, `SessionRefused`.

    An `Authorization` header is the client's own doing and counts alone, with no way back to the cookie;
    a cookie is added by the browser, so an unsafe request with it must come from one of our origins.
    """
    header = call.header(b"authorization")
    if header is None:
        return await by_cookie(call)
    pass_text = _bearer(header)
    if pass_text.startswith(SessionId.PREFIX):
        return await usecases.check_session(call.site.auth, session_id=pass_text, now=call.now)
    return await usecases.check_access_token(call.site.auth, token=pass_text, now=call.now)


async def authorise_session(call: Call) -> CheckedSession:
    """Find out who asks, by the session itself: cookie or session id. Raises `Refused`, `SessionRefused`.

    An access token is not enough: it is shown to every Service and is short-lived for that reason, so it must
    not get its holder a refresh token, which lives as long as the session.
    """
    header = call.header(b"authorization")
    if header is None:
        return await by_cookie(call)
    return await usecases.check_session(call.site.auth, session_id=_bearer(header), now=call.now)


async def by_cookie(call: Call) -> CheckedSession:
    """Take the cookie alone: what pages do. Raises `Refused`, `SessionRefused`."""
    session_id = call.site.cookie.read(call.scope["headers"])
    if session_id is None:
        raise Refused("unauthenticated")
    if not call.is_safe:
        check_origin(call.scope["headers"], call.site.origins)
    return await usecases.check_session(call.site.auth, session_id=session_id, now=call.now)


def bearer_of(call: Call) -> str:
    """Take the bearer token, which must be there. Raises `Refused`."""
    header = call.header(b"authorization")
    if header is None:
        raise Refused("unauthenticated")
    return _bearer(header)


def _bearer(header: str) -> str:
    try:
        return bearer_token(header)
    except BearerError:
        raise Refused("invalid_request") from None
