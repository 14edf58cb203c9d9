"""What authorises a request: the log-in cookie, a session id or an access token as bearer (RFC 6750)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.auth import SessionId, SessionRefused, usecases
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
    if call.site.auth.shared_secrets is not None:
        # Every Service can make a token in anybody's name, an administrator's too: to us it proves nothing.
        raise SessionRefused("token_of_shared_secret")
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


async def authorise_bearer(call: Call) -> CheckedSession:
    """Find out who asks, by a session id as a bearer token. Raises `Refused`, `SessionRefused`.

    For what hands out a new session id: to a cookie's holder only a page may (docs/adr/0006).
    """
    return await usecases.check_session(call.site.auth, session_id=bearer_of(call), now=call.now)


async def visitor(call: Call) -> CheckedSession | None:
    """Say who looks at a page: the cookie's owner, None when nobody is logged in. Raises `Refused`."""
    try:
        return await by_cookie(call)
    except SessionRefused:
        return None
    except Refused as refused:
        if refused.code != "unauthenticated":
            raise
        return None


async def visitor_acting(call: Call) -> CheckedSession:
    """Say who sends a form of ours; somebody must be logged in. Raises `Refused`."""
    check_origin(call.scope["headers"], call.site.origins)
    checked = await visitor(call)
    if checked is None:
        raise Refused(
            "unauthenticated", detail="You are no longer logged in. Log in again, then repeat this."
        )
    return checked


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
