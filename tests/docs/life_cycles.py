"""Prints docs/reference/life-cycles.md from the tables that decide: `python -m tests.docs.life_cycles`."""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Any, Final

from tests.docs.pages import DOCS

from gatepass.auth import links, refresh, sessions, signing_keys

PAGE: Final = DOCS / "reference" / "life-cycles.md"

Table = Mapping[Any, tuple[Enum, Enum]]
"""(state, event) → (state, effect); each table has enums of its own."""

HEAD: Final = """\
# Life cycles

What can happen to a session, a refresh record, a signing key and a one-time link. These are the tables
that the code decides with (`TRANSITIONS` in `auth/sessions.py`, `auth/refresh.py`, `auth/signing_keys.py`,
`auth/links.py`), printed by `python -m tests.docs.life_cycles`; a test fails where page and code part.
"""

CYCLES: Final[dict[str, Table]] = {
    "A session": sessions.TRANSITIONS,
    "A refresh record": refresh.TRANSITIONS,
    "A signing key": signing_keys.TRANSITIONS,
    "A one-time link": links.TRANSITIONS,
}


def page() -> str:
    """Give the page as it must be."""
    return "\n".join([HEAD, *(_table(title, table) for title, table in CYCLES.items())])


def _table(title: str, transitions: Table) -> str:
    rows = [f"## {title}", "", "| state | what happens | then it is | and |", "|---|---|---|---|"]
    for (state, event), (after, effect) in transitions.items():
        rows.append("| " + " | ".join(_word(each) for each in (state, event, after, effect)) + " |")
    return "\n".join([*rows, ""])


def _word(member: Enum) -> str:
    text = member.value if isinstance(member, StrEnum) else member.name
    return str(text).lower().replace("_", " ")


if __name__ == "__main__":
    PAGE.write_text(page())
