"""Secrets that mean nothing by themselves: session ids, refresh tokens, and the types that keep them quiet.

256 random bits each, with a prefix that secret scanners can recognise; stored only as a SHA-256 hash. A fast
hash is right here: there is nothing to guess (OWASP ASVS 5.0, 11.5.1).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from typing import ClassVar, Final, NoReturn, Self, TypeAlias

from gatepass.jose import b64

Entropy: TypeAlias = Callable[[int], bytes]

SECRET_BYTES: Final = 32  # 256 bits: cannot be guessed, whatever the rate
ID_BYTES: Final = 16  # 127 of these bits: public ids only have to be unique

# 43 characters carry 258 bits; the last one must leave the two spare bits zero, so that no two texts mean
# one secret.
_BODY: Final = re.compile(r"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)
_LENGTH: Final = 4 + 43


class Secret:
    """Bytes that never show themselves, such as the key-encryption key."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """Give the bytes themselves."""
        return self._value

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


class _Opaque:
    """A text of exact length and alphabet that never shows itself; equal in constant time."""

    PREFIX: ClassVar[str]
    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def new(cls, entropy: Entropy) -> Self:
        """Make one from 32 random bytes."""
        return cls(cls.PREFIX + b64.encode(entropy(SECRET_BYTES)))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read a stranger's text: exact length, prefix and alphabet, otherwise None."""
        if len(text) != _LENGTH or text[:4] != cls.PREFIX or not _BODY.fullmatch(text, 4):
            return None
        return cls(text)

    def reveal(self) -> str:
        """Give the text itself, to be handed to its owner."""
        return self._text

    def hash(self) -> bytes:
        """Give the 32 bytes under which it is stored."""
        return hashlib.sha256(self._text.encode("ascii")).digest()

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self._text, other._text)

    def __hash__(self) -> int:
        return hash(self.hash())

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")


class SessionId(_Opaque):
    """The pass of session mode: `gps_` and 43 base64url characters."""

    PREFIX = "gps_"
    __slots__ = ()


class RefreshToken(_Opaque):
    """What the standard form of refreshing presents: `gpr_` and 43 base64url characters."""

    PREFIX = "gpr_"
    __slots__ = ()


class LinkSecret(_Opaque):
    """What a one-time link carries: `gpl_` and 43 base64url characters."""

    PREFIX = "gpl_"
    __slots__ = ()


def new_id(entropy: Entropy) -> str:
    """Make a public id: 22 base64url characters, the first one a letter.

    An id is typed behind commands too, where a leading `-` would make it an option; without the top bit the
    first character is one of A to f.
    """
    drawn = entropy(ID_BYTES)
    return b64.encode(bytes((drawn[0] & 0x7F,)) + drawn[1:])


def hash_text(text: str) -> bytes:
    """Give the SHA-256 under which a token's text is stored."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
