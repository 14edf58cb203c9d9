"""What one-time links lead to: asking for another password, setting one, confirming an e-mail address.

A link's secret comes in the query, once. It goes into a cookie at once and the browser is sent on to the
address without it, so that it stands in no `Referer` and no history (docs/adr/0021). Looking at a page uses
nothing up: scanners open the links in mails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import (
    InvalidInput,
    LinkRefused,
    LinkSecret,
    PasswordsBusy,
    Purpose,
    TooManyAttempts,
    usecases,
)
from gatepass.server.answers import see_other
from gatepass.server.bodies import LinkBody, NewPasswordBody, ResetBody
from gatepass.server.credentials import visitor
from gatepass.server.csrf import check_origin
from gatepass.server.forms import Objection, form, objection
from gatepass.server.operation import Operation, Page
from gatepass.server.refusals import refusal_of

if TYPE_CHECKING:
    from gatepass.server.answers import Answer, Header
    from gatepass.server.request import Call

# As long as the shortest-lived link may last at the longest; the server knows the true end. Seconds.
COOKIE_LASTS: Final = 3_600

_NO_REFERRER: Final[Header] = (b"referrer-policy", b"no-referrer")


async def show_forgot(call: Call) -> Answer:
    """Ask for the e-mail address."""
    return form(call, "forgot.html", email="", sent=False)


async def submit_forgot(call: Call) -> Answer:
    """Have a link sent, if there is an account; the page is the same if there is none."""
    check_origin(call.scope["headers"], call.site.origins)
    email = (await call.form_body()).get("email", "")
    if not email.strip():
        return form(call, "forgot.html", Objection("E-mail address is missing."), email="", sent=False)
    try:
        await usecases.ask_reset(call.site.auth, email=email, client=call.client, now=call.now)
    except TooManyAttempts as error:
        return form(call, "forgot.html", objection(call, error), email=email[:254], sent=False)
    return form(call, "forgot.html", email=email[:254], sent=True)


async def show_password(call: Call) -> Answer:
    """Take the secret out of the address; or show the form to who has a link that holds."""
    swapped = _swapped(call, "/set-password")
    if swapped is not None:
        return swapped
    try:
        return await _password_form(call)
    except LinkRefused as error:
        return _dead(call, error)


async def submit_password(call: Call) -> Answer:
    """Set the password, and let its owner log in with it; whatever is wrong with it, the form comes back."""
    check_origin(call.scope["headers"], call.site.origins)
    fields = await call.form_body()
    new = fields.get("new_password", "")
    try:
        if new != fields.get("new_again"):
            return await _password_form(call, Objection("The password and its repetition differ."))
        await usecases.set_password(
            call.site.auth, link=_link(call), password=new, client=call.client, now=call.now
        )
    except LinkRefused as error:
        return _dead(call, error)
    except (InvalidInput, PasswordsBusy, TooManyAttempts) as error:
        return await _password_form(call, objection(call, error))
    return see_other("/login?done=password-set", (b"set-cookie", call.site.link_cookie.taken_back()))


async def show_address(call: Call) -> Answer:
    """Take the secret out of the address; or ask for the click that confirms."""
    swapped = _swapped(call, "/confirm-email")
    if swapped is not None:
        return swapped
    try:
        email = await usecases.look_at_address(call.site.auth, link=_link(call), now=call.now)
    except LinkRefused as error:
        return _dead(call, error)
    return call.site.pages.render("confirm_email.html", email=email)


async def submit_address(call: Call) -> Answer:
    """Confirm the address."""
    check_origin(call.scope["headers"], call.site.origins)
    try:
        await usecases.confirm_email(call.site.auth, link=_link(call), client=call.client, now=call.now)
    except LinkRefused as error:
        return _dead(call, error)
    target = "/login?done=email" if await visitor(call) is None else "/?done=email"
    return see_other(target, (b"set-cookie", call.site.link_cookie.taken_back()))


def _swapped(call: Call, path: str) -> Answer | None:
    """Put a link that came in the query into the cookie; nothing that came stays in the address."""
    link = call.query().get("link")
    if link is None:
        return None
    secret = LinkSecret.parse(link)
    if secret is None:
        # No link of ours: nothing to write into a header, nor to be mixed up with an older one.
        cookie = call.site.link_cookie.taken_back()
    else:
        cookie = call.site.link_cookie.given_for(secret.reveal(), seconds=COOKIE_LASTS)
    return see_other(path, (b"set-cookie", cookie), _NO_REFERRER)


def _link(call: Call) -> str:
    return call.site.link_cookie.read(call.scope["headers"]) or ""


async def _password_form(call: Call, against: Objection | None = None) -> Answer:
    user, purpose = await usecases.look_at_link(call.site.auth, link=_link(call), now=call.now)
    return form(call, "set_password.html", against, user=user, invited=purpose is Purpose.INVITE)


def _dead(call: Call, error: LinkRefused) -> Answer:
    """Say that the link leads nowhere, for whatever cause, and let the browser forget it."""
    call.log_refusal(label=f"{call.scope['method']} {call.scope['path']}", code=error.code)
    forget = (b"set-cookie", call.site.link_cookie.taken_back())
    return call.site.pages.render("dead_link.html", status=refusal_of(error).status, headers=(forget,))


async def ask_reset(call: Call, body: ResetBody) -> None:
    """Have a link sent, if there is an account; the answer is the same if there is none."""
    await usecases.ask_reset(call.site.auth, email=body.email, client=call.client, now=call.now)


async def set_password(call: Call, body: NewPasswordBody) -> None:
    """Set the password by a link."""
    await usecases.set_password(
        call.site.auth, link=body.link, password=body.new_password, client=call.client, now=call.now
    )


async def confirm_email(call: Call, body: LinkBody) -> None:
    """Confirm an e-mail address by a link."""
    await usecases.confirm_email(call.site.auth, link=body.link, client=call.client, now=call.now)


PAGES: Final = (
    Page(method="GET", path="/forgot", handler=show_forgot),
    Page(method="POST", path="/forgot", handler=submit_forgot),
    Page(method="GET", path="/set-password", handler=show_password),
    Page(method="POST", path="/set-password", handler=submit_password),
    Page(method="GET", path="/confirm-email", handler=show_address),
    Page(method="POST", path="/confirm-email", handler=submit_address),
)

ROWS: Final = (
    Operation(
        method="POST",
        path="/api/password/forgotten",
        name="ask_reset",
        summary="Have a link for another password sent; the same answer if nobody has the address",
        tag="my account",
        handler=ask_reset,
        body=ResetBody,
        status=204,
        problems=frozenset({"too_many_attempts"}),
    ),
    Operation(
        method="POST",
        path="/api/password/set",
        name="set_password",
        summary="Set a password by a one-time link; everything of its owner's ends, and nobody is logged in",
        tag="my account",
        handler=set_password,
        body=NewPasswordBody,
        status=204,
        problems=frozenset({"link_refused", "invalid_input", "too_many_attempts", "busy"}),
    ),
    Operation(
        method="POST",
        path="/api/email/confirm",
        name="confirm_email",
        summary="Confirm a new e-mail address by the one-time link that was sent to it",
        tag="my account",
        handler=confirm_email,
        body=LinkBody,
        status=204,
        problems=frozenset({"link_refused", "too_many_attempts"}),
    ),
)
