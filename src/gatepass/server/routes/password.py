"""Changing one's own password: the page, and the operation for who holds a session id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import InvalidInput, PasswordRefused, PasswordsBusy, TooManyAttempts, usecases
from gatepass.server.answers import see_other
from gatepass.server.bodies import PasswordBody
from gatepass.server.credentials import visitor, visitor_acting
from gatepass.server.forms import Objection, form, objection
from gatepass.server.messages import SessionStarted
from gatepass.server.operation import Access, Operation, Page
from gatepass.server.shapes import session_started

if TYPE_CHECKING:
    from gatepass.auth import LoggedIn, User
    from gatepass.server.answers import Answer
    from gatepass.server.request import Call


async def show(call: Call) -> Answer:
    """Show the form."""
    checked = await visitor(call)
    return see_other("/login") if checked is None else _form(call, checked.user)


async def submit(call: Call) -> Answer:
    """Change the password and go on under a new cookie; whatever is wrong, the form comes back."""
    checked = await visitor_acting(call)
    fields = await call.form_body()
    new = fields.get("new_password", "")
    if new != fields.get("new_again"):
        return _form(call, checked.user, Objection("The new password and its repetition differ."))
    try:
        entered = await usecases.change_password(
            call.site.auth,
            checked=checked,
            current=fields.get("current_password", ""),
            new=new,
            client=call.client,
            now=call.now,
        )
    except (InvalidInput, PasswordRefused, PasswordsBusy, TooManyAttempts) as error:
        return _form(call, checked.user, objection(call, error))
    cookie = call.site.cookie.given(entered.session_id.reveal())
    return see_other("/?done=password", (b"set-cookie", cookie))


async def change(call: Call, body: PasswordBody) -> SessionStarted:
    """Change the password; the answer is the session in which its owner goes on."""
    entered: LoggedIn = await usecases.change_password(
        call.site.auth,
        checked=call.checked,
        current=body.current_password,
        new=body.new_password,
        client=call.client,
        now=call.now,
    )
    return session_started(entered)


def _form(call: Call, user: User, against: Objection | None = None) -> Answer:
    return form(call, "password.html", against, user=user)


PAGES: Final = (
    Page(method="GET", path="/password", handler=show),
    Page(method="POST", path="/password", handler=submit),
)

ROWS: Final = (
    Operation(
        method="POST",
        path="/api/password",
        name="change_password",
        summary="Change my password; everything of mine ends, and a new session begins",
        tag="log in and out",
        handler=change,
        access=Access.SESSION_BEARER,
        body=PasswordBody,
        answers=(SessionStarted,),
        problems=frozenset({"password_refused", "invalid_input", "too_many_attempts", "busy"}),
    ),
)
