"""Log in, register and log out over JSON. None of them sets a cookie (docs/adr/0006)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from gatepass.auth import AuthError, RefreshForm, check_lifetime, usecases
from gatepass.server.answers import Refused
from gatepass.server.bodies import LoginBody, RegisterBody
from gatepass.server.messages import Me, SessionStarted, Tokens
from gatepass.server.operation import Access, Operation
from gatepass.server.shapes import account_of, session_started, tokens_of

if TYPE_CHECKING:
    from gatepass.auth import LoggedIn
    from gatepass.server.request import Call

_LOG: Final = logging.getLogger("gatepass.server")


async def log_in(call: Call, body: LoginBody) -> SessionStarted | Tokens:
    """Hand over a session id, or an access token on top of a new session."""
    if body.mode == "session" and (body.refresh is not None or body.lifetime is not None):
        raise Refused("invalid_body", field="mode", detail="refresh and lifetime belong to mode 'token'.")
    auth = call.site.auth
    if body.mode == "token":
        # Before the log-in: a refusal behind it would leave a session that nobody holds.
        check_lifetime(body.seconds, terms=auth.terms)
    entered = await usecases.log_in(
        auth, email=body.email, password=body.password, client=call.client, now=call.now
    )
    if body.mode == "session":
        return session_started(entered)
    try:
        issued = await usecases.issue_tokens(
            auth,
            session=entered.session,
            user=entered.user,
            form=RefreshForm(body.refresh or RefreshForm.STANDARD),
            lifetime=body.seconds,
            client=call.client,
            now=call.now,
        )
    except AuthError:
        await _end_again(call, entered)
        raise
    return tokens_of(issued)


async def _end_again(call: Call, entered: LoggedIn) -> None:
    """End a session that nobody will hold, if that is possible where tokens were not."""
    try:
        await usecases.log_out(
            call.site.auth, session=entered.session, actor=entered.user, client=call.client, now=call.now
        )
    except AuthError as error:
        _LOG.warning("POST /api/login: a session without tokens was not ended: %s", error.code)


async def register(call: Call, body: RegisterBody) -> None:
    """Have a link sent by which a stranger joins; the answer is the same if the address has an account."""
    await usecases.register(
        call.site.auth,
        email=body.email,
        first_name=body.first_name,
        last_name=body.last_name,
        client=call.client,
        now=call.now,
    )


async def log_out(call: Call, _: None) -> None:
    """End the session that the pass belongs to."""
    checked = call.checked
    await usecases.log_out(
        call.site.auth, session=checked.session, actor=checked.user, client=call.client, now=call.now
    )


async def me(call: Call, _: None) -> Me:
    """Say whose pass it is."""
    checked = call.checked
    return Me(
        user=account_of(checked.user), sid=checked.session.sid, auth_time=int(checked.session.created_at)
    )


ROWS: Final = (
    Operation(
        method="POST",
        path="/api/login",
        name="log_in",
        summary="Log in with e-mail address and password; get a session id or an access token",
        tag="log in and out",
        handler=log_in,
        body=LoginBody,
        answers=(SessionStarted, Tokens),
        problems=frozenset({"login_refused", "invalid_input", "too_many_attempts", "busy"}),
    ),
    Operation(
        method="POST",
        path="/api/register",
        name="register",
        summary="Make an account, where the settings allow it; its owner gets a link to choose the password",
        tag="log in and out",
        handler=register,
        body=RegisterBody,
        status=204,
        problems=frozenset({"registration_closed", "invalid_input", "too_many_attempts"}),
    ),
    Operation(
        method="POST",
        path="/api/logout",
        name="log_out",
        summary="End the session of the pass",
        tag="log in and out",
        handler=log_out,
        access=Access.LOGGED_IN,
        status=204,
    ),
    Operation(
        method="GET",
        path="/api/me",
        name="who_am_i",
        summary="Whose pass this is, and what they may do",
        tag="log in and out",
        handler=me,
        access=Access.LOGGED_IN,
        answers=(Me,),
    ),
)
