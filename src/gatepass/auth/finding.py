"""Finding users: by the beginning of an e-mail address or a name, or by a role; a part at a time.

Each user stands in an order of its own for each of the three, and a place in that order is where the next
part begins.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from gatepass.auth.users import User

BEHIND: Final = "\U0010ffff"
"""Behind whatever may follow a beginning, in the order of bytes."""


class By(StrEnum):
    """What is looked for."""

    EMAIL = "email"
    NAME = "name"
    ROLE = "role"


class Search(msgspec.Struct, frozen=True):
    """What to look for, written as it is compared; make one with `searched`."""

    by: By
    text: str


class Place(msgspec.Struct, frozen=True):
    """A user, and where they stand in the order of the search."""

    place: str
    user: User


def searched(by: By, text: str) -> Search:
    """Write a search as it is compared; a role as it is, the others without regard to case."""
    return Search(by, text if by is By.ROLE else folded(text))


def folded(text: str) -> str:
    """Write a text without regard to case, width and spaces."""
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split())


def names_of(user: User) -> tuple[str, str]:
    """Give the names in both orders: one finds Ada Lovelace by `ada l` and by `lovel`."""
    return folded(user.name), folded(f"{user.last_name} {user.first_name}")


def name_places(user: User) -> list[tuple[str, str, str | None]]:
    """Give the places of a user in the order of names, with the id; at the second one the first name-order
    too, so that who is found by both is found once."""
    name, turned = names_of(user)
    places: list[tuple[str, str, str | None]] = [(f"{name}\n{user.id}", user.id, None)]
    if turned != name:
        places.append((f"{turned}\n{user.id}", user.id, name))
    return places
