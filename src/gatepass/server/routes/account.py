"""The page of my account: who I am, where I am logged in, and the buttons that end that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import SessionUnknown, usecases
from gatepass.server.answers import see_other
from gatepass.server.credentials import visitor, visitor_acting
from gatepass.server.notices import notice_of
from gatepass.server.operation import Page
from gatepass.server.shapes import session_item

if TYPE_CHECKING:
    from gatepass.server.answers import Answer
    from gatepass.server.request import Call


async def show_account(call: Call) -> Answer:
    """Show who is logged in and where."""
    checked = await visitor(call)
    if checked is None:
        return see_other("/login")
    sessions = await usecases.list_sessions(call.site.auth, user_id=checked.user.id, now=call.now)
    items = [session_item(session, current=checked.session.sid) for session in sessions]
    items.sort(key=lambda item: (not item.current, -item.last_seen_at))
    return call.site.pages.render(
        "account.html",
        user=checked.user,
        sessions=items,
        now=call.now,
        notice=notice_of(call),
    )


async def end_session(call: Call) -> Answer:
    """End one of my sessions, from its button."""
    checked = await visitor_acting(call)
    sid = call.path_value("sid")
    try:
        await usecases.end_session(
            call.site.auth, sid=sid, actor=checked.user, client=call.client, now=call.now
        )
    except SessionUnknown:
        return see_other("/?done=gone")
    return see_other("/?done=ended")


async def end_others(call: Call) -> Answer:
    """End all my other sessions, from the button."""
    checked = await visitor_acting(call)
    await usecases.end_other_sessions(
        call.site.auth, session=checked.session, client=call.client, now=call.now
    )
    return see_other("/?done=others-ended")


async def end_all(call: Call) -> Answer:
    """Log me out everywhere, here too, from the button."""
    checked = await visitor_acting(call)
    user = checked.user
    await usecases.log_out_everywhere(
        call.site.auth, user_id=user.id, actor=user, client=call.client, now=call.now
    )
    return see_other("/login?done=everywhere", (b"set-cookie", call.site.cookie.taken_back()))


PAGES: Final = (
    Page(method="GET", path="/", handler=show_account),
    Page(method="POST", path="/sessions/{sid}/end", handler=end_session),
    Page(method="POST", path="/sessions/end-others", handler=end_others),
    Page(method="POST", path="/sessions/end-all", handler=end_all),
)
