"""The secret that Auth and its Services share in the simplest set-up: nothing is published, HS256 signs.

What may be one is judged when it is read: whoever sees a token can try out secrets at home, as many as their
machines allow (RFC 8725 §3.5, CVE-2026-102266).
"""

from __future__ import annotations

import hashlib
import hmac
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NoReturn

from gatepass.jose import Key, KeySet, Malformed, b64
from gatepass.oauth.errors import SecretRefused

if TYPE_CHECKING:
    from collections.abc import Callable

SHARED_ALGORITHM: Final = "HS256"

LEAST_BYTES: Final = 32
"""RFC 7518 §3.2: as long as the hash. So many random bytes are nobody's to guess."""
_MOST_BYTES: Final = 64
"""HMAC-SHA256 hashes what is longer than its block; more adds nothing."""
_MOST_SECRETS: Final = 4
"""One signs; one more is there while it is exchanged. A list grows when nobody takes old ones out."""

# 32 random bytes have 30 different ones on average; fewer than 16 come once in 10^16 tries.
_LEAST_DIFFERENT: Final = 16

# SHA-256 of secrets that stand in RFC 7515, 7517 and 7520, and so in the list of everybody who tries.
_PUBLISHED: Final = frozenset(
    {
        "2cd6f10056d08e10430ad5658b5565056c93fcde047563f7e53a56452467c050",
        "719124d3a099013d7d37da9f31b7b5cff81f2a4c81958540e40974fce31f1c6b",
        "73ec74458059c70cae3f0ade8663fe0da1dc4b114ed8cdac75364140b4458a4c",
        "c8ecc9361a05e285f04c26f9572131a6deab07e9e2b865053c6f75a4d8bd2b32",
        "dc60a5b74b5e649e5f9559b39933a55b2ba6bbe9a0096d46370e65ecd8f92f1e",
    }
)


class SharedSecrets:
    """The secrets of one site: the first signs, every one verifies. Made only of strong ones; prints nothing.

    A type of its own, so that no published key and no password can be taken for one.
    """

    __slots__ = ("keys", "signing")

    signing: Key
    """What signs."""
    keys: KeySet
    """What verifies."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        if not 1 <= len(secrets) <= _MOST_SECRETS:
            raise SecretRefused(f"there must be 1 to {_MOST_SECRETS} secrets")
        if len(set(secrets)) != len(secrets):
            raise SecretRefused("the same secret stands there twice")
        keys = [Key.from_secret(SHARED_ALGORITHM, _strong(secret), _name(secret)) for secret in secrets]
        object.__setattr__(self, "signing", keys[0])
        object.__setattr__(self, "keys", KeySet(keys))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: they are frozen."""
        raise AttributeError("SharedSecrets are frozen")

    def __repr__(self) -> str:
        return f"<SharedSecrets: {len(self.keys)}>"

    @classmethod
    def parse(cls, text: str | bytes) -> SharedSecrets:
        """Read a secrets file: one secret a line, in base64url without padding, '#' before a comment.

        Raises `SecretRefused`, naming the line and never what stands in it.
        """
        try:
            lines = (text.decode("ascii") if isinstance(text, bytes) else text).splitlines()
        except UnicodeDecodeError:
            raise SecretRefused("a secrets file holds base64url, one secret a line") from None
        secrets: list[bytes] = []
        for number, line in enumerate(lines, start=1):
            stripped = line.strip()
            if stripped and not stripped.startswith("#"):
                try:
                    secrets.append(_decoded(stripped))
                except SecretRefused as error:
                    raise SecretRefused(f"line {number}: {error}") from None
        return cls(tuple(secrets))


def new_shared_secret(entropy: Callable[[int], bytes]) -> str:
    """Make a secret, as it stands in a secrets file."""
    while True:
        text = b64.encode(entropy(LEAST_BYTES))
        try:
            SharedSecrets.parse(text)
        except SecretRefused:
            continue  # one that looks like a weak one: rarer than a collision, and refused by everybody
        return text


def _decoded(text: str) -> bytes:
    if text.lower() == text or text.upper() == text:
        # All random ones have both; what a person typed often has one.
        raise SecretRefused("this looks typed; let 'gatepass init --shared-secret' make one")
    try:
        return _strong(b64.decode(text))
    except Malformed:
        raise SecretRefused("a secret is written in canonical base64url, without padding") from None


def _strong(secret: bytes) -> bytes:
    """Give the secret if it may be one. Raises `SecretRefused`."""
    if not LEAST_BYTES <= len(secret) <= _MOST_BYTES:
        raise SecretRefused(f"a secret has {LEAST_BYTES} to {_MOST_BYTES} random bytes")
    if hashlib.sha256(secret).hexdigest() in _PUBLISHED:
        raise SecretRefused("this secret is an example from a standard: everybody has it")
    if all(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in secret):
        raise SecretRefused("this looks like a password or a text; a secret is random bytes")
    if len(set(secret)) < _LEAST_DIFFERENT or _repeats(secret) or _counts(secret):
        raise SecretRefused("this is not random")
    return secret


def _repeats(secret: bytes) -> bool:
    """Say whether it is one piece over and over."""
    return (secret + secret).find(secret, 1) < len(secret) or secret[: len(secret) // 2] in secret[1:]


def _counts(secret: bytes) -> bool:
    """Say whether each byte is as far from the next: 00 01 02 …"""
    return len({(after - before) % 256 for before, after in pairwise(secret)}) == 1


def _name(secret: bytes) -> str:
    """Give the `kid`: the same at Auth and at every Service, and no help for who wants the secret."""
    mac = hmac.digest(secret, b"gatepass: the name of this secret", "sha256")
    return b64.encode(mac[:12])
