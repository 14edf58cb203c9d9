"""What can go wrong when a message between the parties is read. Each error has a stable code."""

from __future__ import annotations

from typing import ClassVar


class OAuthError(Exception):
    """A message that is not what its standard says; the text names the member, never its value."""

    code: ClassVar[str] = "oauth_error"


class BearerError(OAuthError):
    """The Authorization header carries no single well-formed bearer token (RFC 6750 §2.1, §3.1)."""

    code = "invalid_request"


class ScopeInvalid(OAuthError):
    """A scope outside the grammar of RFC 6749 §3.3."""

    code = "invalid_scope"


class AccessTokenInvalid(OAuthError):
    """Claims that are not those of an access token (RFC 9068 §2.2)."""

    code = "access_token_invalid"


class MetadataInvalid(OAuthError):
    """A metadata document that must not be used (RFC 8414 §3.3)."""

    code = "metadata_invalid"


class IssuerDiffers(MetadataInvalid):
    """A metadata document of another issuer, be it by a letter (RFC 8414 §3.3)."""

    code = "issuer_differs"


class IntrospectionInvalid(OAuthError):
    """An answer that is not an introspection response (RFC 7662 §2.2)."""

    code = "introspection_invalid"


class UrlRefused(OAuthError):
    """An address that must not be asked: neither https, nor http on this machine."""

    code = "url_refused"


class RevocationsInvalid(OAuthError):
    """Claims that are not those of a page of the revocation feed."""

    code = "revocations_invalid"


class SecretRefused(OAuthError):
    """A shared secret that somebody could guess; the text says why, never with a byte of it."""

    code = "secret_refused"


class NotEncrypted(OAuthError):
    """A token that everybody can read, where only encrypted ones are taken."""

    code = "not_encrypted"


class EncryptedElsewhere(OAuthError):
    """A token that was encrypted to a key that is not here: another Service's, or one that was withdrawn."""

    code = "encrypted_elsewhere"
