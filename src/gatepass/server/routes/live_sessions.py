"""Everybody's live sessions, which an administrator sees and ends; it takes `gatepass:admin`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import NotPermitted, may_administer, usecases
from gatepass.server.bodies import AdminPage
from gatepass.server.messages import AdminSessionItem, AdminSessions
from gatepass.server.operation import Access, Operation
from gatepass.server.shapes import account_of, session_item

if TYPE_CHECKING:
    from gatepass.server.request import Call


async def list_all(call: Call, page: AdminPage) -> AdminSessions:
    """List all live sessions, a part at a time."""
    checked = call.checked
    found = await usecases.live_sessions(
        call.site.auth, actor=checked.user, after=page.after, limit=page.limit, now=call.now
    )
    current = checked.session.sid
    return AdminSessions(
        sessions=[
            AdminSessionItem(session=session_item(session, current=current), user=account_of(user))
            for session, user in found
        ],
        # A part that is not full is the last one; a full one may be, and then the next is empty.
        next=found[-1][0].sid if len(found) == page.limit else None,
    )


async def end_any(call: Call, _: None) -> None:
    """End anybody's session."""
    if not may_administer(call.checked.user):
        raise NotPermitted
    await usecases.end_session(
        call.site.auth, sid=call.path_value("sid"), actor=call.checked.user, client=call.client, now=call.now
    )


ROWS: Final = (
    Operation(
        method="GET",
        path="/api/admin/sessions",
        name="list_all_sessions",
        summary="List everybody's live sessions (needs gatepass:admin)",
        tag="administration",
        handler=list_all,
        access=Access.LOGGED_IN,
        query=AdminPage,
        answers=(AdminSessions,),
        problems=frozenset({"insufficient_scope"}),
    ),
    Operation(
        method="DELETE",
        path="/api/admin/sessions/{sid}",
        name="end_any_session",
        summary="End anybody's session (needs gatepass:admin)",
        tag="administration",
        handler=end_any,
        access=Access.LOGGED_IN,
        status=204,
        problems=frozenset({"insufficient_scope", "not_found"}),
    ),
)
