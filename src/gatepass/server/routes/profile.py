"""Changing one's own names and e-mail address: the page, and the operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import InvalidInput, PasswordRefused, PasswordsBusy, TooManyAttempts, usecases
from gatepass.server.answers import see_other
from gatepass.server.bodies import EmailBody, NamesBody
from gatepass.server.credentials import visitor, visitor_acting
from gatepass.server.forms import Objection, form, objection
from gatepass.server.messages import Account
from gatepass.server.operation import Access, Operation, Page
from gatepass.server.shapes import account_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatepass.auth import User
    from gatepass.server.answers import Answer
    from gatepass.server.request import Call


async def show(call: Call) -> Answer:
    """Show both forms."""
    checked = await visitor(call)
    return see_other("/login") if checked is None else _form(call, checked.user, typed={})


async def submit_names(call: Call) -> Answer:
    """Take the names; whatever is wrong, the form comes back."""
    checked = await visitor_acting(call)
    fields = await call.form_body()
    try:
        await usecases.change_names(
            call.site.auth,
            checked=checked,
            current=fields.get("current_password", ""),
            first_name=fields.get("first_name", ""),
            last_name=fields.get("last_name", ""),
            client=call.client,
            now=call.now,
        )
    except (InvalidInput, PasswordRefused, PasswordsBusy, TooManyAttempts) as error:
        return _form(call, checked.user, objection(call, error), wrong="names", typed=fields)
    return see_other("/?done=names")


async def submit_email(call: Call) -> Answer:
    """Have the new mailbox asked; whatever is wrong, the form comes back."""
    checked = await visitor_acting(call)
    fields = await call.form_body()
    try:
        await usecases.change_email(
            call.site.auth,
            checked=checked,
            current=fields.get("current_password", ""),
            email=fields.get("email", ""),
            client=call.client,
            now=call.now,
        )
    except (InvalidInput, PasswordRefused, PasswordsBusy, TooManyAttempts) as error:
        return _form(call, checked.user, objection(call, error), wrong="email", typed=fields)
    return see_other("/?done=email-asked")


async def change_names(call: Call, body: NamesBody) -> Account:
    """Take other names."""
    user = await usecases.change_names(
        call.site.auth,
        checked=call.checked,
        current=body.current_password,
        first_name=body.first_name,
        last_name=body.last_name,
        client=call.client,
        now=call.now,
    )
    return account_of(user)


async def change_email(call: Call, body: EmailBody) -> None:
    """Have the new mailbox asked."""
    await usecases.change_email(
        call.site.auth,
        checked=call.checked,
        current=body.current_password,
        email=body.email,
        client=call.client,
        now=call.now,
    )


def _form(
    call: Call,
    user: User,
    against: Objection | None = None,
    *,
    wrong: str | None = None,
    typed: Mapping[str, str],
) -> Answer:
    return form(
        call,
        "profile.html",
        against,
        user=user,
        first_name=typed.get("first_name", user.first_name)[:200],
        last_name=typed.get("last_name", user.last_name)[:200],
        email=typed.get("email", "")[:254],
        wrong=wrong,
    )


PAGES: Final = (
    Page(method="GET", path="/profile", handler=show),
    Page(method="POST", path="/profile/names", handler=submit_names),
    Page(method="POST", path="/profile/email", handler=submit_email),
)

_PROBLEMS: Final = frozenset({"password_refused", "invalid_input", "too_many_attempts", "busy"})

ROWS: Final = (
    Operation(
        method="PUT",
        path="/api/profile/names",
        name="change_names",
        summary="Change my names; access tokens with the old ones are renewed",
        tag="my account",
        handler=change_names,
        access=Access.SESSION,
        body=NamesBody,
        answers=(Account,),
        problems=_PROBLEMS,
    ),
    Operation(
        method="POST",
        path="/api/profile/email",
        name="change_email",
        summary="Ask for another e-mail address; a one-time link is sent to it, and a notice to the old one",
        tag="my account",
        handler=change_email,
        access=Access.SESSION,
        body=EmailBody,
        status=204,
        problems=_PROBLEMS,
    ),
)
