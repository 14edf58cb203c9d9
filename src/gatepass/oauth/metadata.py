"""The issuer's metadata document: where its keys and endpoints are (RFC 8414)."""

from __future__ import annotations

from typing import Final

import msgspec

from gatepass.oauth.errors import IssuerDiffers, MetadataInvalid, UrlRefused
from gatepass.oauth.web_url import issuer_url, web_url

METADATA_PATH: Final = "/.well-known/oauth-authorization-server"


def metadata_url(issuer: str) -> str:
    """Say where an issuer's metadata is: the well-known path goes before the issuer's own (RFC 8414 §3.1).

    Raises `UrlRefused` for an issuer that is not https (or http on loopback).
    """
    parts = issuer_url(issuer)
    return f"{parts.scheme}://{parts.netloc}{METADATA_PATH}{parts.path.rstrip('/')}"


class ServerMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an issuer says of itself; made only whole, so each URL in it may be asked.

    `issuer`, `jwks_uri` and `service_documentation` are RFC 8414 §2; the others are Gatepass' own.
    """

    issuer: str
    jwks_uri: str | None = None
    """Absent when nothing is published: the shared-secret mode."""
    session_check_endpoint: str | None = None
    """Where a Service asks whether a session holds; answers as RFC 7662 §2.2."""
    token_check_endpoint: str | None = None
    """Where a Service whose view of the revocations is stale asks about an access token; answers likewise."""
    revocations_endpoint: str | None = None
    """Where the revocation feed is read, page by page."""
    revocations_stream_endpoint: str | None = None
    """Where the same feed is followed as it grows (server-sent events)."""
    tokens_endpoint: str | None = None
    """Where a session gets an access token."""
    refresh_endpoint: str | None = None
    """Where a refresh token, or an expired access token, gets a new access token."""
    logout_endpoint: str | None = None
    login_uri: str | None = None
    """The page on which a person logs in."""
    service_documentation: str | None = None

    def __post_init__(self) -> None:
        """Refuse a document that names an address outside the rules."""
        try:
            issuer = issuer_url(self.issuer)
        except UrlRefused as error:
            raise MetadataInvalid(f"issuer: {error}") from None
        for member in self.__struct_fields__[1:]:
            url = getattr(self, member)
            if url is not None:
                _check_url(url, member=member, plain_http=issuer.scheme == "http")

    def to_json(self) -> bytes:
        """Give the document's bytes, absent members left out (RFC 8414 §3.2)."""
        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, data: bytes, *, issuer: str) -> ServerMetadata:
        """Read the document of exactly this issuer (RFC 8414 §3.3).

        Raises `MetadataInvalid`, `IssuerDiffers`.
        """
        try:
            metadata = msgspec.json.decode(data, type=cls)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise MetadataInvalid(str(error)) from None
        if metadata.issuer != issuer:
            raise IssuerDiffers("the document is another issuer's (RFC 8414 §3.3)")
        return metadata


def _check_url(url: str, *, member: str, plain_http: bool) -> None:
    """Refuse what may not be asked; plain http, which is this machine, only of an issuer that is it too."""
    try:
        parts = web_url(url)
    except UrlRefused as error:
        raise MetadataInvalid(f"{member}: {error}") from None
    if parts.scheme == "http" and not plain_http:
        raise MetadataInvalid(f"{member}: plain http under an https issuer")
