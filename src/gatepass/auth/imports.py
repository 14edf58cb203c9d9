"""Imports of users: a line of a file as it comes, what it says once it is checked, and how far a file is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth.errors import InvalidInput
from gatepass.auth.foreign_hashes import take_hash
from gatepass.auth.opaque import new_id
from gatepass.auth.permissions import check_permissions, check_role
from gatepass.auth.users import User, UserStatus, clean_name, normalise_email

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gatepass.auth.opaque import Entropy

COLUMNS: Final = (
    "email",
    "first_name",
    "last_name",
    "password_hash",
    "roles",
    "permissions",
    "disabled",
    "created_at",
    "id",
)
"""All that a line may say; the first three it must."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[\s,;]+")
_FLAGS: Final = {"": False, "false": False, "0": False, "no": False, "true": True, "1": True, "yes": True}
_EARLIEST: Final = 0.0  # 1970: nobody's account is older


class Line(msgspec.Struct, frozen=True):
    """One line of a file: a stranger's word."""

    number: int
    fields: Mapping[str, str]
    """By column; what is missing is as good as empty."""

    def __repr__(self) -> str:
        return f"Line({self.number})"


class Refusal(msgspec.Struct, frozen=True):
    """A line that is not imported, and why, in words; never what stood in it."""

    number: int
    reason: str


class ImportedUser(msgspec.Struct, frozen=True):
    """What a line says, checked; nothing is granted yet."""

    number: int
    user: User
    password_hash: str | None

    def __repr__(self) -> str:
        return f"ImportedUser({self.number})"


class Judged(msgspec.Struct, frozen=True):
    """A batch of lines, judged: who can be imported, under which roles, and who cannot."""

    users: Sequence[ImportedUser]
    refusals: Sequence[Refusal]
    roles: Mapping[str, frozenset[str]]
    """What the roles carried when that was decided."""


class ImportRun(msgspec.Struct, frozen=True):
    """How far the import of one file is; kept in the commit of what it tells of."""

    source: str
    """The file's SHA-256, in hex: the same content is the same file."""
    line: int = 0
    """Everything up to this line is done."""
    imported: int = 0
    refused: int = 0
    finished: bool = False


def read_line(line: Line, *, entropy: Entropy, now: float) -> ImportedUser:
    """Check a line as a registration is checked. Raises `InvalidInput`."""
    fields = line.fields
    password_hash = fields.get("password_hash", "") or None
    if password_hash is not None:
        take_hash(password_hash)
    status = UserStatus.INVITED if password_hash is None else UserStatus.ACTIVE
    user = User(
        id=_id(fields.get("id", ""), entropy),
        email=normalise_email(fields.get("email", "")),
        first_name=clean_name(fields.get("first_name", ""), field="first_name"),
        last_name=clean_name(fields.get("last_name", ""), field="last_name"),
        status=UserStatus.DISABLED if _flag(fields.get("disabled", "")) else status,
        roles=frozenset(check_role(role) for role in _names(fields.get("roles", ""))),
        permissions=check_permissions(_names(fields.get("permissions", ""))),
        granted=frozenset(),
        epoch=0,
        revoked_below=0,
        created_at=_moment(fields.get("created_at", ""), now=now),
    )
    return ImportedUser(line.number, user, password_hash)


def _id(text: str, entropy: Entropy) -> str:
    if not text:
        return new_id(entropy)
    if not _ID.fullmatch(text):
        raise InvalidInput("id", "must be 22 characters of A-Z, a-z, 0-9, '-' and '_', or left out")
    return text


def _names(text: str) -> list[str]:
    return [name for name in _SEPARATORS.split(text) if name]


def _flag(text: str) -> bool:
    try:
        return _FLAGS[text.strip().lower()]
    except KeyError:
        raise InvalidInput("disabled", "must be true or false") from None


def _moment(text: str, *, now: float) -> float:
    """Read seconds since the epoch, or ISO 8601; without a zone it is UTC."""
    if not text.strip():
        return now
    try:
        moment = float(text) if re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,9})?", text, re.ASCII) else _iso(text)
    except (ValueError, OverflowError):
        raise InvalidInput("created_at", "must look like 2024-05-01T12:00:00Z") from None
    if not _EARLIEST <= moment <= now:
        raise InvalidInput("created_at", "is before 1970 or in the future")
    return moment


def _iso(text: str) -> float:
    moment = datetime.fromisoformat(text.strip())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
