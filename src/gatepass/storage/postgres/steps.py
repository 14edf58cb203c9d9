"""A step: one statement of a commit, and whether it must hit its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gatepass.auth import Change
    from gatepass.storage.rows import Row


class Step(NamedTuple):
    """A statement with its values, in the name of a change."""

    statement: str
    values: Row
    change: Change
    expects: bool = False
    """Whether the change's expectation is that exactly one row is hit."""
