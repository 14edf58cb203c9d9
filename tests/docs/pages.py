"""The Python of a page, run as its reader would run it: top to bottom, in one namespace."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
NOW: Final = 1_800_000_000.0  # where the clock stands
_FENCED: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW: Final = re.compile(r"^\|(.+)\|$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its language, the line it begins at, and what it holds."""

    language: str
    line: int
    text: str


def blocks(page: Path, *languages: str) -> list[Block]:
    """Give the blocks of these languages, in order."""
    text = page.read_text(encoding="utf-8")
    found = (
        Block(match[1], text.count("\n", 0, match.start(2)) + 1, match[2]) for match in _FENCED.finditer(text)
    )
    return [block for block in found if block.language in languages]


def run(page: Path, namespace: dict[str, Any], replaced: Mapping[str, str]) -> int:
    """Run the page's Python and say how many blocks that were; a traceback names the line of the page.

    `replaced` gives what stands on the page another value here: an address, a port.
    """
    found = blocks(page, "python")
    for block in found:
        text = block.text
        for shown, here in replaced.items():
            text = text.replace(shown, here)
        code = compile("\n" * (block.line - 1) + text, str(page), "exec", dont_inherit=True)
        exec(code, namespace)  # noqa: S102 - our own pages
    return len(found)


def prose(page: Path) -> str:
    """Give the page as text."""
    return page.read_text(encoding="utf-8")


def mentions(page: Path, name: str) -> bool:
    """Say whether the page holds the name, as a word of its own."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", prose(page)) is not None


def rows(page: Path, heading: str) -> Iterator[list[str]]:
    """Give the cells of each row of the tables under a heading, without the head and its line."""
    section = re.split(r"^##+ ", prose(page), flags=re.MULTILINE)
    (text,) = (part for part in section if part.partition("\n")[0] == heading)
    for match in _ROW.finditer(text):
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", match[1])]
        if any("`" in cell for cell in cells):
            yield cells


def named(cell: str) -> list[str]:
    """Give what stands in code marks in a cell."""
    return re.findall(r"`([^`]+)`", cell)
