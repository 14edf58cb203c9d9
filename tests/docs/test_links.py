"""Links between pages lead somewhere, and the index leads to every page."""

import re
from pathlib import Path
from typing import Final

import pytest
from tests.docs.pages import DOCS, ROOT, prose

PAGES: Final = {
    str(page.relative_to(ROOT)): page for page in sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
}
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")
_CODE: Final = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def links(page: Path) -> set[str]:
    """Give where a page links to on its own side."""
    found: list[str] = _LINK.findall(_CODE.sub("", prose(page)))
    return {link for link in found if not link.startswith(("http://", "https://"))}


def anchors(page: Path) -> set[str]:
    """Give the headings as links spell them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_index_leads_to_every_page() -> None:
    index = DOCS / "README.md"
    led_to = {(DOCS / link).resolve() for link in links(index)}
    pages = {
        page
        for folder in ("tutorial", "howto", "reference", "explanation")
        for page in DOCS.glob(f"{folder}/*.md")
    }
    assert pages <= led_to


def test_the_decisions_lead_to_every_decision() -> None:
    index = DOCS / "adr" / "README.md"
    led_to = {(index.parent / link).resolve() for link in links(index)}
    assert set(index.parent.glob("0*.md")) <= led_to
