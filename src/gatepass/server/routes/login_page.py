"""The pages to log in and to log out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from gatepass.auth import AuthError, LoginRefused, PasswordsBusy, TooManyAttempts, usecases
from gatepass.server.answers import Refused, see_other
from gatepass.server.credentials import visitor
from gatepass.server.csrf import check_origin
from gatepass.server.forms import Objection, form, objection
from gatepass.server.notices import notice_of
from gatepass.server.operation import Page

if TYPE_CHECKING:
    from gatepass.server.answers import Answer
    from gatepass.server.request import Call

_LOG: Final = logging.getLogger("gatepass.server")


async def show_login(call: Call) -> Answer:
    """Show the form, or send on who is logged in already."""
    query = call.query()
    return_to = call.site.return_to(query.get("return_to"))
    if await visitor(call) is not None:
        return see_other(return_to or "/")
    return _form(call, return_to=return_to, notice=notice_of(call))


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
    except (LoginRefused, TooManyAttempts, PasswordsBusy) as error:
        return _form(call, objection(call, error), return_to=return_to, email=email)
    await _end_previous(call)
    cookie = call.site.cookie.given(entered.session_id.reveal())
    return see_other(return_to or "/", (b"set-cookie", cookie))


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


PAGES: Final = (
    Page(method="GET", path="/login", handler=show_login),
    Page(method="POST", path="/login", handler=submit_login),
    Page(method="GET", path="/logout", handler=show_logout),
    Page(method="POST", path="/logout", handler=submit_logout),
)
