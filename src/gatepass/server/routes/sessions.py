"""Sessions: what a Service asks about one, and what their owner may see and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import SessionRefused, usecases
from gatepass.oauth import INACTIVE
from gatepass.server.answers import Answer, json_bytes
from gatepass.server.credentials import bearer_of
from gatepass.server.messages import ActiveSession, Ended, InactiveSession, Sessions
from gatepass.server.operation import Access, Operation
from gatepass.server.shapes import introspection_of, session_item

if TYPE_CHECKING:
    from gatepass.server.request import Call

_INACTIVE: Final = json_bytes(INACTIVE)


async def check(call: Call, _: None) -> Answer:
    """Tell a Service whether the session id it was shown holds, and whose it is: one look-up.

    The hottest route: nothing here that the answer does not need.
    """
    session_id = bearer_of(call)
    auth = call.site.auth
    try:
        checked = await usecases.check_session(auth, session_id=session_id, now=call.now)
    except SessionRefused:
        return _INACTIVE  # one answer for every cause (RFC 7662 §2.2)
    return json_bytes(introspection_of(checked, auth.terms).to_json())


async def list_own(call: Call, _: None) -> Sessions:
    """List the user's live sessions."""
    checked = call.checked
    found = await usecases.list_sessions(call.site.auth, user_id=checked.user.id, now=call.now)
    return Sessions(sessions=[session_item(session, current=checked.session.sid) for session in found])


async def end(call: Call, _: None) -> None:
    """End one of the user's sessions."""
    await usecases.end_session(
        call.site.auth, sid=call.path_value("sid"), actor=call.checked.user, client=call.client, now=call.now
    )


async def end_others(call: Call, _: None) -> Ended:
    """End all of the user's sessions but this one."""
    ended = await usecases.end_other_sessions(
        call.site.auth, session=call.checked.session, client=call.client, now=call.now
    )
    return Ended(ended=ended)


async def end_all(call: Call, _: None) -> None:
    """Log the user out everywhere, this session included."""
    user = call.checked.user
    await usecases.log_out_everywhere(
        call.site.auth, user_id=user.id, actor=user, client=call.client, now=call.now
    )


HOT: Final = (
    Operation(
        method="POST",
        path="/api/session/check",
        name="check_session",
        summary="Ask whether a session id holds; answers as RFC 7662 §2.2",
        tag="for Services",
        handler=check,
        access=Access.SESSION_ID,
        answers=(ActiveSession, InactiveSession),
        problems=frozenset({"unauthenticated", "invalid_request", "busy"}),
    ),
)

ROWS: Final = (
    Operation(
        method="GET",
        path="/api/sessions",
        name="list_sessions",
        summary="List my sessions",
        tag="sessions",
        handler=list_own,
        access=Access.LOGGED_IN,
        answers=(Sessions,),
    ),
    Operation(
        method="DELETE",
        path="/api/sessions/{sid}",
        name="end_session",
        summary="End one of my sessions",
        tag="sessions",
        handler=end,
        access=Access.LOGGED_IN,
        status=204,
        problems=frozenset({"not_found"}),
    ),
    Operation(
        method="POST",
        path="/api/sessions/end-others",
        name="end_other_sessions",
        summary="End all my sessions but this one",
        tag="sessions",
        handler=end_others,
        access=Access.LOGGED_IN,
        answers=(Ended,),
    ),
    Operation(
        method="POST",
        path="/api/sessions/end-all",
        name="log_out_everywhere",
        summary="End all my sessions, this one too",
        tag="sessions",
        handler=end_all,
        access=Access.LOGGED_IN,
        status=204,
    ),
)
