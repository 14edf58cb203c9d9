"""The pages: log in, my account and its sessions, log out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gatepass.auth import AuthError, LoginRefused, SessionUnknown, TooManyAttempts, usecases
from gatepass.server.answers import Refused, see_other
from gatepass.server.credentials import visitor, visitor_acting
from gatepass.server.csrf import check_origin
from gatepass.server.forms import Objection, form, objection
from gatepass.server.operation import Page
from gatepass.server.shapes import session_item

if TYPE_CHECKING:
    from gatepass.server.answers import Answer
    from gatepass.server.request import Call

_LOG: Final = logging.getLogger("gatepass.server")

# What a page may say after something was done; the query names the line, it never brings the words.
_DONE: Final[dict[str, str]] = {
    "logged-out": "You are logged out.",
    "ended": "That session is ended.",
    "others-ended": "All your other sessions are ended.",
    "everywhere": "You are logged out everywhere.",
    "password": "Your password is changed, and everything else of yours is logged out.",
    "password-set": "Your password is set. Log in with it.",
    "names": "Your names are changed.",
    "email-asked": "A link is on its way to the new address. It changes when you open it.",
    "email": "Your e-mail address is changed.",
    "gone": "That session had ended already.",
}


async def show_login(call: Call) -> Answer:
    """Show the form, or send on who is logged in already."""
    query = call.query()
    return_to = call.site.return_to(query.get("return_to"))
    if await visitor(call) is not None:
        return see_other(return_to or "/")
    return _form(call, return_to=return_to, notice=_DONE.get(query.get("done", "")))


async def submit_login(call: Call) -> Answer:
    """Log in and set the cookie; whatever is wrong, the form comes back with what was typed."""
    check_origin(call.scope["headers"], call.site.origins)  # nobody else's form may log a browser in
    fields = await call.form_body()
    email, password = fields.get("email", ""), fields.get("password", "")
    return_to = call.site.return_to(fields.get("return_to"))
    if not email.strip() or not password:
        missing = "E-mail address" if not email.strip() else "Password"
        return _form(call, Objection(f"{missing} is missing."), return_to=return_to, email=email)
    try:
        entered = await usecases.log_in(
            call.site.auth, email=email, password=password, client=call.client, now=call.now
        )
    except (LoginRefused, TooManyAttempts, Refused) as error:
        return _form(call, objection(call, error), return_to=return_to, email=email)
    await _end_previous(call)
    cookie = call.site.cookie.given(entered.session_id.reveal())
    return see_other(return_to or "/", (b"set-cookie", cookie))


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
        notice=_DONE.get(call.query().get("done", "")),
    )


async def show_logout(call: Call) -> Answer:
    """Ask before logging out: a link must not do it by itself."""
    checked = await visitor(call)
    if checked is None:
        return see_other("/login")
    return_to = call.site.return_to(call.query().get("return_to"))
    return call.site.pages.render("logout.html", user=checked.user, return_to=return_to)


async def submit_logout(call: Call) -> Answer:
    """End the session and take the cookie back."""
    check_origin(call.scope["headers"], call.site.origins)
    fields = await call.form_body()
    return_to = call.site.return_to(fields.get("return_to"))
    checked = await visitor(call)
    if checked is not None:
        await usecases.log_out(
            call.site.auth, session=checked.session, actor=checked.user, client=call.client, now=call.now
        )
    target = return_to or "/login?done=logged-out"
    return see_other(target, (b"set-cookie", call.site.cookie.taken_back()))


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


async def static(call: Call) -> Answer:
    """Give the style sheet or the icon."""
    path = call.scope["path"]
    for asset in call.site.pages.assets:
        if asset.path == path:
            return asset.answer()
    raise Refused("not_found")


async def _end_previous(call: Call) -> None:
    """End the session that this browser had before: a log-in replaces it (ASVS 5.0, 7.2.4).

    The new session is there already: if the old one can't be ended now, the person is let in nevertheless.
    Nobody holds the old one's cookie any more, and it stands in the list of sessions.
    """
    try:
        previous = await visitor(call)
        if previous is not None:
            user, session = previous.user, previous.session
            await usecases.log_out(
                call.site.auth, session=session, actor=user, client=call.client, now=call.now
            )
    except (AuthError, Refused) as error:
        _LOG.warning("POST /login: the previous session was not ended: %s", error.code)
    except Exception:
        _LOG.exception("POST /login: the previous session was not ended")


def _form(
    call: Call,
    against: Objection | None = None,
    *,
    return_to: str | None,
    email: str = "",
    notice: str | None = None,
) -> Answer:
    return form(
        call,
        "login.html",
        against,
        email=email[:254],
        notice=notice,
        return_to=return_to,
        action="/login" if return_to is None else f"/login?return_to={quote(return_to, safe='')}",
    )


ROWS: Final = (
    Page(method="GET", path="/login", handler=show_login),
    Page(method="POST", path="/login", handler=submit_login),
    Page(method="GET", path="/", handler=show_account),
    Page(method="GET", path="/logout", handler=show_logout),
    Page(method="POST", path="/logout", handler=submit_logout),
    Page(method="POST", path="/sessions/{sid}/end", handler=end_session),
    Page(method="POST", path="/sessions/end-others", handler=end_others),
    Page(method="POST", path="/sessions/end-all", handler=end_all),
    Page(method="GET", path="/static/{digest}/{name}", handler=static),
)
