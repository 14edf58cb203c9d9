"""What everybody may read: the keys, the metadata, the API's description, and whether Auth is well."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import AuthError
from gatepass.oauth import METADATA_PATH, ServerMetadata
from gatepass.server.answers import Answer, Refused, json_bytes
from gatepass.server.messages import ApiDescription, Health, PublicKeys
from gatepass.server.operation import Operation

if TYPE_CHECKING:
    from gatepass.server.answers import Header
    from gatepass.server.request import Call

# How long anybody may keep the keys without asking again. A new key is published much longer before it
# signs (`keys.publish_ahead`), so nobody meets a key that a cache of this age has not got. Seconds.
JWKS_MAX_AGE: Final = 300

JWKS_PATH: Final = "/.well-known/jwks.json"


def cached(call: Call, body: bytes, *, max_age: int) -> Answer:
    """Answer with an ETag, and with 304 to who has it already (RFC 9110 §13.1.2)."""
    etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    headers: tuple[Header, ...] = ((b"cache-control", b"public, max-age=%d" % max_age), (b"etag", etag))
    asked = call.header(b"if-none-match")
    if asked is not None and _names(asked, etag.decode()):
        return Answer(304, b"", headers)
    return json_bytes(body, headers=headers)


async def jwks(call: Call, _: None) -> Answer:
    """Publish the public keys (RFC 7517 §5)."""
    ring = call.site.auth.keyring.ring
    return cached(call, msgspec.json.encode(ring.jwks()), max_age=JWKS_MAX_AGE)


async def metadata(call: Call, _: None) -> Answer:
    """Say where everything is (RFC 8414)."""
    issuer = call.site.config.issuer
    document = ServerMetadata(
        issuer=issuer,
        jwks_uri=f"{issuer}{JWKS_PATH}",
        session_check_endpoint=f"{issuer}/api/session/check",
        tokens_endpoint=f"{issuer}/api/tokens",
        refresh_endpoint=f"{issuer}/api/refresh",
        logout_endpoint=f"{issuer}/api/logout",
        login_uri=f"{issuer}/login",
    )
    return cached(call, document.to_json(), max_age=JWKS_MAX_AGE)


async def openapi(call: Call, _: None) -> Answer:
    """Describe this API."""
    return cached(call, call.site.document, max_age=JWKS_MAX_AGE)


async def alive(_call: Call, _: None) -> Health:
    """Say that the process answers."""
    return Health(status="ok")


async def ready(call: Call, _: None) -> Health:
    """Say that the database answers and a key is there to sign with."""
    auth = call.site.auth
    try:
        await auth.store.signing_keys()
        auth.keyring.ring.signing_key(call.now)
    except AuthError:
        raise Refused("busy", retry_after=1) from None
    return Health(status="ok")


def _names(if_none_match: str, etag: str) -> bool:
    """Compare weakly, as `If-None-Match` wants (RFC 9110 §13.1.2)."""
    texts = [text.strip().removeprefix("W/") for text in if_none_match.split(",")]
    return etag in texts or texts == ["*"]


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
        problems=frozenset({"busy"}),
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
    Operation(
        method="GET",
        path="/healthz",
        name="healthz",
        summary="Whether the process answers",
        tag="operation",
        handler=alive,
        answers=(Health,),
    ),
    Operation(
        method="GET",
        path="/readyz",
        name="readyz",
        summary="Whether the database answers and a key is there to sign with",
        tag="operation",
        handler=ready,
        answers=(Health,),
        problems=frozenset({"busy"}),
    ),
)
