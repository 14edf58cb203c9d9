"""The name that a key gives itself: JWK thumbprint (RFC 7638) and its URI (RFC 9278)."""

import msgspec
from cryptography.hazmat.primitives import hashes

from gatepass.jose import b64
from gatepass.jose.jwk import public_members
from gatepass.jose.material import Material

_URI_PREFIX = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"  # RFC 9278 §3


def thumbprint(material: Material) -> str:
    """Give the base64url SHA-256 thumbprint: required members only, in lexicographic order (RFC 7638 §3)."""
    text = msgspec.json.encode(public_members(material), order="sorted")
    digest = hashes.Hash(hashes.SHA256())  # hashlib would load a second OpenSSL
    digest.update(text)
    return b64.encode(digest.finalize())


def thumbprint_uri(material: Material) -> str:
    """Give the thumbprint as a URI (RFC 9278 §3)."""
    return _URI_PREFIX + thumbprint(material)
