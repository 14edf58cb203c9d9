"""The revocation feed as it travels: what no longer holds, in signed pages (as RFC 9770, over HTTP).

A page is a JWT with `typ: revocations+jwt`. It says which entries follow a place in the feed, which place it
reaches, and when that was true. Who has read up to its place knows of every revocation until then.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from gatepass.jose import Malformed, Policy, b64
from gatepass.oauth.errors import RevocationsInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REVOCATIONS_TYP: Final = "revocations+jwt"
REVOCATIONS_MEDIA_TYPE: Final = f"application/{REVOCATIONS_TYP}"
"""What a `typ` without a slash stands for (RFC 7515 §4.1.9)."""

PAGE_ENTRIES: Final = 4_000
"""Entries on one page at most: a few milliseconds of work for who writes and for who reads it."""

PAGE_LENGTH: Final = 256 * 1024
"""Characters of a page at most: `PAGE_ENTRIES` that share nothing have 200,000."""

PAGE_LIFETIME: Final = 86_400
"""Seconds after which a page says nothing any more, whatever a Service's contract (its `exp`)."""

MARK_BYTES: Final = 6
"""Bytes of a mark. Among a million live entries one session in 280 million is refused that nobody ended, and
logs in again; among a hundred entries one in three million million. Longer marks would not fit a million
entries into 12 MB of answer; nobody who chooses texts gains by a collision: it only ever refuses."""

_MARK_CHARS: Final = MARK_BYTES * 8 // 6


class Selects(StrEnum):
    """What of a token is compared with an entry."""

    SID = "sid"
    """A session that ended."""
    JTI = "jti"
    """One token."""
    SUB = "sub"
    """A user whose tokens of an epoch below the bound no longer hold."""
    CHANGED = "changed"
    """A user whose tokens of an epoch below the bound are stale: nothing is revoked, they must be renewed."""
    CLIENT_ID = "client_id"
    """A client whose tokens issued before the bound no longer hold."""
    KID = "kid"
    """A key; whatever it signed no longer holds."""
    ALL = "all"
    """Every token issued before the bound."""


class Selector(msgspec.Struct, frozen=True, gc=False):
    """One entry: the tokens it selects, and until when it is needed."""

    selects: Selects
    mark: int
    """What stands for the text that is compared, see `mark_of`; 0 for `ALL`."""
    below: int
    """The bound: an epoch for `SUB` and `CHANGED`, seconds since the epoch for `CLIENT_ID` and `ALL`; 0 where
    there is none."""
    forget_after: int
    """Seconds since the epoch; every token that it selects has expired by then."""


def mark_of(text: str) -> int:
    """Give the mark of a sid, jti, sub, client_id or kid: the first 48 bits of its SHA-256."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:MARK_BYTES])


class Cursor(msgspec.Struct, frozen=True):
    """A place in a feed."""

    log: str
    """Names the feed: another log (a restored backup, a new database) counts anew."""
    seq: int

    def __str__(self) -> str:
        return f"{self.log}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """Read a cursor; None for what is none, which is no error: it gets the full answer."""
        log, dot, digits = text.rpartition(".")
        if not (
            dot and 0 < len(log) <= 64 and 0 < len(digits) <= 18 and digits.isascii() and digits.isdigit()
        ):
            return None
        return cls(log, int(digits))


class Page(msgspec.Struct, frozen=True):
    """Entries in order, from behind `after` up to `seq`."""

    log: str
    after: int | None
    """The place behind which the entries begin; None: this is the first page of the full answer, and
    whatever was known before is to be forgotten."""
    seq: int
    """The place it reaches."""
    more: bool
    """Whether further entries were there already: ask again, behind `seq`."""
    true_at: int
    """When this was true; milliseconds since the epoch, by the issuer's clock."""
    selectors: tuple[Selector, ...] = ()

    @property
    def cursor(self) -> Cursor:
        """The place it reaches."""
        return Cursor(self.log, self.seq)

    def to_claims(self, *, issuer: str) -> dict[str, object]:
        """Give the claims of the page's JWT; entries with the same end and bound share a group."""
        groups: dict[tuple[str, int, int], bytearray] = {}
        for one in self.selectors:
            marks = groups.setdefault((one.selects.value, one.below, one.forget_after), bytearray())
            marks += one.mark.to_bytes(MARK_BYTES)
        issued = self.true_at // 1000
        return {
            "iss": issuer,
            "aud": issuer,
            "iat": issued,
            "exp": issued + PAGE_LIFETIME,
            "log": self.log,
            "after": self.after,
            "seq": self.seq,
            "more": self.more,
            "true_at": self.true_at,
            "groups": [[*group, b64.encode(bytes(marks))] for group, marks in groups.items()],
        }

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> Page:
        """Read the claims of a verified page. Raises `RevocationsInvalid`."""
        try:
            page = msgspec.convert(claims, _Wire)
        except msgspec.ValidationError as error:
            raise RevocationsInvalid(str(error)) from None
        if page.after is not None and page.after > page.seq:
            raise RevocationsInvalid("a page ends before it begins")
        selectors = tuple(one for group in page.groups for one in _selectors(group))
        return cls(page.log, page.after, page.seq, page.more, page.true_at, selectors)


_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Log = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Group(msgspec.Struct, frozen=True, array_like=True):
    """Entries that select by the same kind, with the same bound and the same end."""

    selects: Selects
    below: _Count
    forget_after: _Count
    marks: str


class _Wire(msgspec.Struct, frozen=True):
    log: _Log
    after: _Count | None
    seq: _Count
    more: bool
    true_at: _Count
    groups: tuple[_Group, ...]


def revocations_policy(*, issuer: str, algorithms: frozenset[str], leeway: int = 30) -> Policy:
    """Say what a Service accepts as a page of the feed; `leeway` in seconds, for iat."""
    return Policy(
        issuer=issuer,
        audience=issuer,
        typ=REVOCATIONS_TYP,
        algorithms=algorithms,
        leeway=leeway,
        required=frozenset({"iat"}),
        max_length=PAGE_LENGTH,
    )


def _selectors(group: _Group) -> Iterable[Selector]:
    if len(group.marks) % _MARK_CHARS or not group.marks:
        raise RevocationsInvalid("marks are not whole")
    try:
        marks = b64.decode(group.marks)
    except Malformed:
        raise RevocationsInvalid("marks are not base64url") from None
    for start in range(0, len(marks), MARK_BYTES):
        mark = int.from_bytes(marks[start : start + MARK_BYTES])
        yield Selector(group.selects, mark, group.below, group.forget_after)
