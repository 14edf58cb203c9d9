"""Encrypted access tokens: signed, then encrypted to the Service's key (RFC 7519 §11.2, RFC 9068 §4)."""

from __future__ import annotations

from typing import Final

RECIPIENT_ALGORITHMS: Final = frozenset({"ECDH-ES+A256KW", "RSA-OAEP-256"})
"""How the content key travels: to a public key alone. What a shared secret or a password opens (`dir`,
`A256KW`, `PBES2-…`) is none of them, and RSA1_5 is in no table."""

CONTENT_ENCRYPTIONS: Final = frozenset({"A256GCM", "A128GCM", "A256CBC-HS512"})
"""How the content is sealed; each of them notices a change."""

_NESTED_DOTS: Final = 4  # RFC 7516 §3.1: five parts


def is_encrypted(token: str) -> bool:
    """Say whether a token has the form of an encrypted one; whether it is one, only its reader finds out."""
    return token.count(".") == _NESTED_DOTS
