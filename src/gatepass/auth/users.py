"""Users: what is known of one, and what may become a name or an e-mail address."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

import msgspec

from gatepass.auth.errors import InvalidInput

MAX_EMAIL: Final = 254  # characters; RFC 5321 §4.5.3.1.3 leaves 254 for an address
MAX_LOCAL: Final = 64  # RFC 5321 §4.5.3.1.1
MAX_NAME: Final = 100  # characters; longer than any name we could find, short enough for a token

# RFC 5322 §3.2.3, beside letters, digits and marks of any script (RFC 6531 §3.3).
_ATEXT: Final = frozenset("!#$%&'*+-/=?^_`{|}~")
_DOMAIN: Final = re.compile(
    r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII
)
# Characters that count as letters or marks but show nothing: two addresses would look the same.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_JOINERS: Final = "\u200c\u200d"  # part of correct spelling in Persian and Indic scripts


class UserStatus(StrEnum):
    """Whether a user may come in."""

    ACTIVE = "active"
    INVITED = "invited"
    """Made by an administrator; comes in as soon as there is a password."""
    DISABLED = "disabled"


class User(msgspec.Struct, frozen=True):
    """A person who can log in. The password hash is no part of it: only a log-in needs that."""

    id: str
    """22 base64url characters; never reused."""
    email: str
    """Normalised; unique."""
    first_name: str
    last_name: str
    status: UserStatus
    roles: frozenset[str]
    permissions: frozenset[str]
    """Held directly, beside what the roles carry."""
    granted: frozenset[str]
    """The effective set, computed by `permissions.effective` alone."""
    epoch: int
    """Goes up by one whenever what the user may do changes."""
    revoked_below: int
    """Sessions, refresh records and tokens of a lower epoch no longer hold."""
    created_at: float

    @property
    def name(self) -> str:
        """First and last name as one text."""
        return f"{self.first_name} {self.last_name}"


def normalise_email(text: str) -> str:
    """Normalise, then validate: what comes back may be compared byte for byte. Raises
    `InvalidInput("email")`.

    NFKC and case-folded as a whole; the domain as its A-labels (RFC 5890 §2.3.2.1), so that one mailbox has
    one spelling.
    """
    if len(text) > 2 * MAX_EMAIL:  # before any work: normalisation may grow a text eighteen-fold
        raise InvalidInput("email", "is too long")
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())
    local, at, domain = folded.rpartition("@")
    if not at or len(local) > MAX_LOCAL or not all(map(_is_atom, local.split("."))):
        raise InvalidInput("email", "is not an e-mail address")
    email = f"{local}@{_ascii_domain(domain)}"
    if len(email) > MAX_EMAIL:
        raise InvalidInput("email", "is too long")
    return email


def _is_atom(text: str) -> bool:
    """Say whether the text, normalised, may stand between the dots of a local part."""
    return (
        bool(text)
        and not _INVISIBLE.search(text)
        and all(c in _ATEXT or c.isalnum() or unicodedata.category(c) in {"Mn", "Mc"} for c in text)
    )


def _ascii_domain(domain: str) -> str:
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower() if len(domain) <= MAX_EMAIL else ""
    except UnicodeError:
        ascii_domain = ""
    if not _DOMAIN.fullmatch(ascii_domain):
        raise InvalidInput("email", "is not an e-mail address")
    return ascii_domain


def clean_name(text: str, *, field: str) -> str:
    """Give a first or last name in NFC with single spaces. Raises `InvalidInput(field)`."""
    if len(text) > 4 * MAX_NAME:
        raise InvalidInput(field, "is too long")
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not any(character.isalpha() for character in name):
        raise InvalidInput(field, "needs at least one letter")
    if len(name) > MAX_NAME:
        raise InvalidInput(field, f"has more than {MAX_NAME} characters")
    # Control, format, unassigned and surrogate characters could hide or reorder what an administrator reads.
    if any(unicodedata.category(c)[0] == "C" and c not in _JOINERS for c in name) or set("<>") & set(name):
        raise InvalidInput(field, "has characters that no name has")
    return name
