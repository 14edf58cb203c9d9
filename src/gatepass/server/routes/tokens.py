"""Access tokens: the first for a session, and every one after it by renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import RefreshForm, SessionRefused, usecases
from gatepass.oauth import INACTIVE, STALE
from gatepass.server.answers import Answer, Refused, json_bytes
from gatepass.server.bodies import RefreshBody, TokensBody
from gatepass.server.credentials import bearer_of
from gatepass.server.messages import ActiveToken, InactiveToken, Tokens
from gatepass.server.operation import Access, Operation
from gatepass.server.shapes import introspection_of_token, tokens_of

if TYPE_CHECKING:
    from gatepass.server.request import Call


async def issue(call: Call, body: TokensBody) -> Tokens:
    """Issue tokens for the session that authorises the request."""
    checked = call.checked
    issued = await usecases.issue_tokens(
        call.site.auth,
        session=checked.session,
        user=checked.user,
        form=RefreshForm(body.refresh),
        lifetime=body.seconds,
        client=call.client,
        now=call.now,
    )
    return tokens_of(issued)


async def refresh(call: Call, body: RefreshBody) -> Tokens:
    """Renew, in either form; what is presented is the whole credential."""
    auth, client, now = call.site.auth, call.client, call.now
    if body.refresh_token is not None and body.expired_token is None:
        issued = await usecases.refresh(auth, refresh_token=body.refresh_token, client=client, now=now)
    elif body.expired_token is not None and body.refresh_token is None:
        issued = await usecases.renew(auth, expired_token=body.expired_token, client=client, now=now)
    else:
        raise Refused("invalid_body", detail="Send either refresh_token or expired_token.")
    return tokens_of(issued)


async def check(call: Call, _: None) -> Answer:
    """Tell a Service whether the access token it was shown holds: for one whose view of the feed is stale."""
    token = bearer_of(call)
    try:
        checked = await usecases.check_access_token(call.site.auth, token=token, now=call.now)
    except SessionRefused as refused:
        call.log_refusal(label="a token check", code=refused.code)
        return json_bytes(INACTIVE)
    return json_bytes(STALE if checked.is_stale else introspection_of_token(checked).to_json())


ROWS: Final = (
    Operation(
        method="POST",
        path="/api/refresh",
        name="refresh",
        summary="Renew: with a refresh token, or with the expired access token itself",
        tag="tokens",
        handler=refresh,
        body=RefreshBody,
        answers=(Tokens,),
        problems=frozenset({"refresh_refused", "renewal_too_early", "busy"}),
    ),
    Operation(
        method="POST",
        path="/api/tokens",
        name="issue_tokens",
        summary="Get an access token for the session; an access token alone gets none",
        tag="tokens",
        handler=issue,
        access=Access.SESSION,
        body=TokensBody,
        answers=(Tokens,),
        problems=frozenset({"invalid_input", "busy"}),
    ),
    Operation(
        method="POST",
        path="/api/token/check",
        name="check_token",
        summary="Ask whether an access token holds; answers as RFC 7662 §2.2",
        tag="for Services",
        handler=check,
        access=Access.ACCESS_TOKEN,
        answers=(ActiveToken, InactiveToken),
        problems=frozenset({"unauthenticated", "invalid_request", "busy"}),
    ),
)
