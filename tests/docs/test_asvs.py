"""The page on ASVS answers every requirement, and what it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from tests.docs.asvs_requirements import REQUIREMENTS
from tests.docs.pages import DOCS, ROOT, named, prose

from gatepass.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

PAGE: Final = DOCS / "reference" / "asvs.md"
ANSWERS: Final = frozenset({"met", "partly", "not met", "does not apply"})
SHOWN: Final = frozenset({"met", "partly"})
"""Answers that a test must bear out."""
SETTINGS: Final = Settings(issuer="https://login.example.org", audience="clinic")
_ROW: Final = re.compile(r"^\| (\d+\.\d+\.\d+) \|(.+)\|$", re.MULTILINE)


class Line(NamedTuple):
    """One requirement on the page."""

    number: str
    level: str
    asks: str
    answer: str
    where: str
    tests: str


def lines() -> list[Line]:
    return [
        Line(match[1], *(cell.strip() for cell in match[2].split("|")))
        for match in _ROW.finditer(prose(PAGE))
    ]


LINES: Final = lines()


def test_every_requirement_stands_there_once_with_its_level() -> None:
    assert len(REQUIREMENTS) == 124
    assert [(line.number, int(line.level)) for line in LINES] == list(REQUIREMENTS.items())


def test_each_stands_under_its_section() -> None:
    for part in re.split(r"^## V", prose(PAGE), flags=re.MULTILINE)[1:]:
        section = part.partition(" ")[0]
        assert {match[1].rpartition(".")[0] for match in _ROW.finditer(part)} == {section}


@pytest.mark.parametrize("line", LINES, ids=[line.number for line in LINES])
def test_every_answer_says_something_and_what_it_names_is_there(line: Line) -> None:
    assert line.answer in ANSWERS
    assert line.asks
    assert line.where
    tests = named(line.tests)
    assert bool(tests) or line.answer not in SHOWN
    for name in tests:
        path, _, test = name.partition("::")
        assert (ROOT / path).is_file(), name
        assert not test or test in functions(ROOT / path), name
    for name in named(line.where):
        if re.fullmatch(r"[\w./-]+\.(py|md|html)", name):
            assert is_there(name), name
        elif re.fullmatch(r"[a-z_]+\.[a-z_]+", name):
            assert hasattr(getattr(SETTINGS, name.partition(".")[0]), name.partition(".")[2]), name


@pytest.mark.parametrize("line", LINES, ids=[line.number for line in LINES])
def test_what_is_not_met_says_what_is_missing(line: Line) -> None:
    assert ("Missing" in line.where) == (line.answer in {"partly", "not met"})


def is_there(name: str) -> bool:
    """Say whether a file of the project has that name, in the project's folder or in the package."""
    return (ROOT / name).is_file() or (ROOT / "src" / "gatepass" / name).is_file()


@cache
def functions(path: Path) -> frozenset[str]:
    """Name the tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
