"""A set of keys, and how a header finds its key in it (RFC 7517 §5)."""

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple, NoReturn, Self

from gatepass.jose import strict_json, usage
from gatepass.jose.errors import AlgorithmNotAllowed, KeyInvalid, KeyNotFound, Malformed
from gatepass.jose.header import Header
from gatepass.jose.keys import Key

# A set larger than this is not one issuer's. Loading so many takes some 10 ms.
_MOST_KEYS: Final = 2_000
_MOST_BYTES: Final = 4_000_000
_SHARED: Final = "two keys share a kid"


class PassedOver(NamedTuple):
    """A member of a JWK Set that cannot be used: where it stood (from 0), its `kid`, and why."""

    position: int
    kid: str | None
    reason: str


class KeySet:
    """Keys of one owner; frozen, in the order given.

    Secrets that sign do not stand beside keys whose public half verifies: whoever may read the one must not
    be able to make tokens for the other. Two keys of the same `kid` and algorithm are ambiguous.

    Raises:
        KeyInvalid: the keys are of both kinds, or two have the same name.
    """

    __slots__ = ("_by_kid", "_seen", "keys", "passed_over")

    keys: tuple[Key, ...]
    passed_over: tuple[PassedOver, ...]
    _by_kid: dict[str | None, list[Key]]
    _seen: dict[str, tuple[Key, Header]]  # see jws.signed

    def __init__(self, keys: Iterable[Key]) -> None:
        taken = tuple(keys)
        reasons = _conflicts(taken)
        if reasons:
            raise KeyInvalid(next(iter(reasons.values())))
        self._fill(taken, ())

    def _fill(self, keys: tuple[Key, ...], passed_over: tuple[PassedOver, ...]) -> None:
        by_kid: dict[str | None, list[Key]] = {}
        for key in keys:
            by_kid.setdefault(key.kid, []).append(key)
        put = object.__setattr__
        put(self, "keys", keys)
        put(self, "passed_over", passed_over)
        put(self, "_by_kid", by_kid)
        put(self, "_seen", {})

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a set is frozen, make another."""
        raise AttributeError("a KeySet is frozen")

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, Any] | bytes, alg: str | None = None) -> Self:
        """Take a JWK Set (RFC 7517 §5); what cannot be used is passed over, and told in `passed_over`.

        Args:
            jwks: the document, as bytes or already parsed (then nobody has looked for duplicate members).
            alg: the algorithm of the keys that do not name theirs.

        Raises:
            Malformed: not a JWK Set at all.
        """
        usable: dict[int, Key] = {}
        passed: list[PassedOver] = []
        spoiled: set[tuple[str | None, ...]] = set()
        for position, jwk in enumerate(_keys_member(jwks)):
            named = isinstance(jwk, Mapping) and "alg" in jwk
            try:
                usable[position] = Key.from_jwk(jwk, None if named else alg)
            except KeyInvalid as error:
                passed.append(PassedOver(position, _text(jwk, "kid"), str(error)))
                spoiled.add((_text(jwk, "kid"), _text(jwk, "kty"), _text(jwk, "alg") or alg))
        conflicts = _conflicts(tuple(usable.values()), spoiled)
        kept: list[Key] = []
        for number, (position, key) in enumerate(usable.items()):
            if number in conflicts:
                passed.append(PassedOver(position, key.kid, conflicts[number]))
            else:
                kept.append(key)
        keyset = cls.__new__(cls)
        keyset._fill(tuple(kept), tuple(sorted(passed, key=lambda one: one.position)))
        return keyset

    def to_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Give the public halves as a JWK Set.

        Raises:
            KeyInvalid: the set holds shared secrets.
        """
        return {"keys": [key.to_jwk() for key in self.keys]}

    def _find(self, header: Header) -> Key:
        """Give the one key that the header means."""
        named = self._by_kid.get(header.kid, ()) if header.kid is not None else self.keys
        if not named:
            raise KeyNotFound("no key has the header's kid", header.kid)
        fitting = [key for key in named if header.alg in key._names]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise KeyNotFound("the header names no key, and several fit", header.kid)
        raise AlgorithmNotAllowed("the header's algorithm is not that of the key")

    def __iter__(self) -> Iterator[Key]:
        """Give the keys in order."""
        return iter(self.keys)

    def __len__(self) -> int:
        """Count the usable keys."""
        return len(self.keys)

    def __repr__(self) -> str:
        """Show what a log may hold."""
        return f"<KeySet of {len(self.keys)}, {len(self.passed_over)} passed over>"


def _keys_member(jwks: object) -> list[Any]:
    if isinstance(jwks, bytes):
        if len(jwks) > _MOST_BYTES:
            raise Malformed("the JWK Set is too long")
        jwks = strict_json.decode_object(jwks)
    found = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(found, list):
        raise Malformed("a JWK Set has an array of keys")
    if len(found) > _MOST_KEYS:
        raise Malformed("the JWK Set has too many keys")
    return found


def _text(jwk: object, name: str) -> str | None:
    value = jwk.get(name) if isinstance(jwk, Mapping) else None
    return value if isinstance(value, str) else None


def _conflicts(keys: tuple[Key, ...], spoiled: Container[tuple[str | None, ...]] = ()) -> dict[int, str]:
    """Say which keys cannot stand in one set with the others, or beside an unusable one of the same name."""
    reasons: dict[int, str] = {}
    families = [usage.row_of(key.alg).family for key in keys]
    if "signature" in families:
        reasons = {
            number: "a shared secret for signing among public keys"
            for number, family in enumerate(families)
            if family == "mac"
        }
    owners: dict[tuple[str, str], int] = {}
    for number, key in enumerate(keys):
        if key.kid is None:
            continue
        kty = key._material.kty
        for name in key._names:
            first = owners.setdefault((key.kid, name), number)
            if first != number:
                reasons[number] = _SHARED
                if keys[first].thumbprint() != key.thumbprint():  # of an exact copy the first is kept
                    reasons[first] = _SHARED
            if (key.kid, kty, name) in spoiled or (key.kid, kty, None) in spoiled:
                reasons[number] = _SHARED
    return reasons
