"""What everybody may read: the keys, the metadata, and the API's description."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.oauth import METADATA_PATH, ServerMetadata
from gatepass.server.answers import Answer, Refused, json_bytes
from gatepass.server.caching import cached
from gatepass.server.messages import ApiDescription, PublicKeys
from gatepass.server.operation import Operation
from gatepass.server.routes import revocations

if TYPE_CHECKING:
    from gatepass.server.request import Call

# How long anybody may keep the keys without asking again. A new key is published much longer before it
# signs (`keys.publish_ahead`), so nobody meets a key that a cache of this age has not got. Seconds.
JWKS_MAX_AGE: Final = 300

_FOR_MINUTES: Final = f"public, max-age={JWKS_MAX_AGE}"

JWKS_PATH: Final = "/.well-known/jwks.json"


async def jwks(call: Call, _: None) -> Answer:
    """Publish the public keys (RFC 7517 §5)."""
    keys = call.site.auth.keyring.ring.jwks
    if keys is None:
        raise Refused(
            "not_found", detail="Nothing is published: this site shares a secret with its Services."
        )
    return cached(call, json_bytes(msgspec.json.encode(keys)), control=_FOR_MINUTES)


async def metadata(call: Call, _: None) -> Answer:
    """Say where everything is (RFC 8414)."""
    issuer = call.site.config.issuer
    document = ServerMetadata(
        issuer=issuer,
        jwks_uri=f"{issuer}{JWKS_PATH}" if call.site.auth.shared_secrets is None else None,
        session_check_endpoint=f"{issuer}/api/session/check",
        token_check_endpoint=f"{issuer}/api/token/check",
        revocations_endpoint=f"{issuer}{revocations.PATH}",
        revocations_stream_endpoint=f"{issuer}{revocations.STREAM_PATH}",
        tokens_endpoint=f"{issuer}/api/tokens",
        refresh_endpoint=f"{issuer}/api/refresh",
        logout_endpoint=f"{issuer}/api/logout",
        login_uri=f"{issuer}/login",
    )
    return cached(call, json_bytes(document.to_json()), control=_FOR_MINUTES)


async def openapi(call: Call, _: None) -> Answer:
    """Describe this API."""
    return cached(call, json_bytes(call.site.document), control=_FOR_MINUTES)


ROWS: Final = (
    Operation(
        method="GET",
        path=JWKS_PATH,
        name="jwks",
        summary="The public keys that verify access tokens (RFC 7517)",
        tag="for Services",
        handler=jwks,
        answers=(PublicKeys,),
        revalidates=True,
        problems=frozenset({"busy", "not_found"}),
    ),
    Operation(
        method="GET",
        path=METADATA_PATH,
        name="metadata",
        summary="The issuer's metadata (RFC 8414)",
        tag="for Services",
        handler=metadata,
        answers=(ServerMetadata,),
        revalidates=True,
    ),
    Operation(
        method="GET",
        path="/api/openapi.json",
        name="openapi",
        summary="This document",
        tag="operation",
        handler=openapi,
        answers=(ApiDescription,),
        revalidates=True,
    ),
)
