"""Every command on the pages is one that there is, with options that it takes."""

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.docs.pages import DOCS, ROOT, blocks, prose

from gatepass.cli.entry import COMMANDS, module_of

PAGES: Final = {
    str(page.relative_to(ROOT)): page for page in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
}
_CALL: Final = re.compile(r"gatepass ([a-z][^`|#\n]*)")
_IN_TEXT: Final = re.compile(r"`(gatepass [a-z][^`]*)`")


def calls(page: Path) -> Iterator[list[str]]:
    """Give the words behind `gatepass` of each call on the page."""
    shown = [*_IN_TEXT.findall(prose(page)), *(block.text for block in blocks(page, "console", "sh"))]
    for text in shown:
        for match in _CALL.finditer(text):
            yield match[1].split()


def options_of(path: tuple[str, ...]) -> set[str]:
    parser = argparse.ArgumentParser()
    importlib.import_module(module_of(path)).configure(parser)
    return {name for action in parser._actions for name in action.option_strings}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_reader_can_type_what_a_page_shows(page: Path) -> None:
    for words in calls(page):
        path = next((path for path in COMMANDS if tuple(words[: len(path)]) == path), None)
        assert path is not None, words
        bare = (word.strip("[]") for word in words)
        typed = {word.partition("=")[0] for word in bare if word.startswith("-") and word != "-"}
        assert typed <= options_of(path), words


def test_the_pages_show_commands() -> None:
    assert sum(1 for page in PAGES.values() for _ in calls(page)) > 50
