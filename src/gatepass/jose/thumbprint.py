"""The name that a key gives itself: JWK thumbprint (RFC 7638) and its URI (RFC 9278)."""

from hashlib import sha256

import msgspec

from gatepass.jose import b64
from gatepass.jose.jwk import public_members
from gatepass.jose.material import Material

_URI_PREFIX = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"  # RFC 9278 §3


def thumbprint(material: Material) -> str:
    """Give the base64url SHA-256 thumbprint: required members only, in lexicographic order (RFC 7638 §3)."""
    text = msgspec.json.encode(public_members(material), order="sorted")
    return b64.encode(sha256(text).digest())


def thumbprint_uri(material: Material) -> str:
    """Give the thumbprint as a URI (RFC 9278 §3)."""
    return _URI_PREFIX + thumbprint(material)
