"""A forger's workshop: tokens written by hand, so that anything at all can be put into them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gatepass.jose import Key, jwt
from gatepass.jose.algorithms import JWS_ALGORITHMS
from gatepass.jose.b64 import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gatepass.testing.issuer import FakeIssuer

    Sign: TypeAlias = Callable[[bytes], bytes]

_ALIKE: Final = 64
"""Tokens that are made at most until one has the character that is looked for; every second has."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Forger:
    """What an attacker knows of a Service, and what its issuer could do.

    Args:
        header: that of a token which the Service accepts, or what is known of it.
        claims: those of such a token.
        good: such a token itself; None where the attacker has none.
        published: the issuer's public key; None where it is not known.
        key: what signs where the issuer itself would have to: its own key, or a stranger's in its place.
        now: seconds since the epoch.
    """

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    good: str | None
    published: Key | None
    key: Key
    now: int

    @classmethod
    def at(cls, issuer: FakeIssuer) -> Forger:
        """Set up beside a fake issuer, whose own key is at hand."""
        good = issuer.token()
        for _ in range(_ALIKE):
            if {"-", "_"} & set(good.rpartition(".")[2]):  # where base64 and base64url differ
                break
            good = issuer.token()
        return cls.of_token(good, published=issuer.key.public(), key=issuer.key, now=issuer.clock())

    @classmethod
    def of_token(cls, good: str, *, published: Key | None, key: Key, now: float | None = None) -> Forger:
        """Set up with a good token in hand."""
        seen = jwt.peek(good)
        return cls(
            header=dict(seen.header),
            claims=dict(seen.claims),
            good=good,
            published=published,
            key=key,
            now=int(time.time() if now is None else now),
        )

    def issue(self, header: object = None, claims: object = None) -> str:
        """Write what only the issuer could: any header, any claims, and its signature over them."""
        return self.write(header, claims, self.sign)

    def write(self, header: object, claims: object, sign: Sign) -> str:
        """Write a token; a mapping changes the usual members (None takes one away), bytes replace all."""
        message = f"{encode(_text(self.header, header))}.{encode(_text(self.claims, claims))}"
        return f"{message}.{encode(sign(message.encode()))}"

    def sign(self, message: bytes) -> bytes:
        """Sign with the issuer's key."""
        return sign_with(self.key)(message)

    @property
    def stranger(self) -> Key:
        """A key of the attacker's own, under the name of the issuer's."""
        return _stranger(self.key.alg, self.header.get("kid"))

    def bend(self, *, claims: str = "{}", signature: str = "{}") -> str:
        """Write the good token with something around its parts."""
        if self.good is None:
            raise LookupError("no good token is there to be bent")
        header, payload, signed = self.good.split(".")
        return f"{header}.{claims.format(payload)}.{signature.format(signed)}"


@cache
def _stranger(alg: str, kid: str | None) -> Key:
    return Key.generate(alg, kid=kid)


def sign_with(key: Key) -> Sign:
    """Give what signs any bytes with a key."""
    private = load_pem_private_key(key.to_private_pem(), password=None)
    return JWS_ALGORITHMS[key.alg].signer(private)


def raw(members: Mapping[str, Any], **changes: str) -> bytes:
    """Write JSON by hand: each change is the text of a value, behind the members of that name it had."""
    texts = [f"{json.dumps(name)}:{json.dumps(value)}" for name, value in members.items()]
    texts += [f"{json.dumps(name)}:{text}" for name, text in changes.items()]
    return ("{" + ",".join(texts) + "}").encode()


def without(members: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Give the members but these."""
    return {name: value for name, value in members.items() if name not in names}


def _text(usual: Mapping[str, Any], changes: object) -> bytes:
    if isinstance(changes, bytes):
        return changes
    members = {**usual, **(changes if isinstance(changes, dict) else {})}
    return json.dumps({name: value for name, value in members.items() if value is not None}).encode()
