"""The people of the clinic as the `users` service knows them: one JSON file, written at seeding."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "directory.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the clinic. `id` is the user's id at Auth: the `sub` of every pass."""

    id: str
    first_name: str
    last_name: str
    email: str
    roles: list[str]
    doctor: str | None  # a patient's doctor, by id

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


class Directory:
    """What the `users` service knows beyond the pass."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    @cached_property
    def everybody(self) -> list[Person]:
        """All people. Raises FileNotFoundError before the seeding."""
        return [Person(**entry) for entry in json.loads(self._path.read_text(encoding="utf-8"))]

    def write(self, people: Iterable[Person]) -> None:
        """Write the file."""
        text = json.dumps([asdict(person) for person in people], indent=2)
        self._path.write_text(text, encoding="utf-8")
