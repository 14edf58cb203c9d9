"""Orders on access tokens: an administrator takes one back, a client's, or everybody's (docs/adr/0016)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import usecases
from gatepass.server.answers import Refused
from gatepass.server.bodies import RevocationBody
from gatepass.server.messages import TokensRevoked
from gatepass.server.operation import Access, Operation
from gatepass.server.shapes import revocation_of

if TYPE_CHECKING:
    from gatepass.server.request import Call


async def revoke(call: Call, body: RevocationBody) -> TokensRevoked:
    """Take access tokens back; sessions stay."""
    auth, actor, client, now = call.site.auth, call.checked.user, call.client, call.now
    match (body.jti, body.client_id, body.everything):
        case (str(jti), None, None):
            order = await usecases.revoke_token(auth, jti=jti, actor=actor, client=client, now=now)
        case (None, str(client_id), None):
            order = await usecases.revoke_client(
                auth, client_id=client_id, actor=actor, client=client, now=now
            )
        case (None, None, True):
            order = await usecases.revoke_everything(auth, actor=actor, client=client, now=now)
        case _:
            raise Refused("invalid_body", detail="Send exactly one of jti, client_id and everything: true.")
    return revocation_of(order)


ROWS: Final = (
    Operation(
        method="POST",
        path="/api/admin/revocations",
        name="revoke_tokens",
        summary="Take access tokens back; sessions stay, clients renew (needs gatepass:admin)",
        tag="administration",
        handler=revoke,
        access=Access.LOGGED_IN,
        body=RevocationBody,
        answers=(TokensRevoked,),
        problems=frozenset({"insufficient_scope", "invalid_input"}),
    ),
)
