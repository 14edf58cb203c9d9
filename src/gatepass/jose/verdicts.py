"""What is known about a token, as three types: a stranger's word, a checked fact, and a secret somebody
sent."""

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Unverified(msgspec.Struct, frozen=True):
    """A stranger's word: good for choosing a key or showing to a person, and for nothing else."""

    claims: dict[str, Any]
    header: Mapping[str, Any]

    def __repr__(self) -> str:
        """Show no claim."""
        return "<Unverified>"


class Verified(msgspec.Struct, Generic[T], frozen=True):
    """A checked fact: only `verify` makes one."""

    claims: T
    header: Mapping[str, Any]
    kid: str | None  # of the key that signed

    def __repr__(self) -> str:
        """Show no claim."""
        return f"<Verified kid={self.kid!r}>"


class Decrypted(msgspec.Struct, Generic[T], frozen=True):
    """Claims that came in secret and passed the Policy; only `decrypt` makes one.

    Who wrote them is known only as far as the key tells: whoever has the shared secret, or, where a token is
    encrypted to a public key, anyone at all. To know the writer, nest: sign, then encrypt.
    """

    claims: T
    header: Mapping[str, Any]
    kid: str | None  # of the key that opened

    def __repr__(self) -> str:
        """Show no claim."""
        return f"<Decrypted kid={self.kid!r}>"
