"""Access tokens: the first for a session, and every one after it by renewal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import RefreshForm, usecases
from gatepass.server.answers import Refused
from gatepass.server.messages import RefreshBody, Tokens, TokensBody
from gatepass.server.operation import Access, Operation
from gatepass.server.shapes import tokens_of

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
        lifetime=body.lifetime,
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
)
