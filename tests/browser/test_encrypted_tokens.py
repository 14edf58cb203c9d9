"""The demo with encryption: the page carries a token that it can't read, in both forms of renewal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Demo, start_demo
from tests.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.browser.conftest import Visitor


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    running = start_demo(free_ports(3)[0], tmp_path_factory.mktemp("sealed") / "data", "--encrypted")
    try:
        running.wait_for("Stop everything with Ctrl-C", 120)
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize("refresh", ["standard", "renewal"])
def test_the_page_shows_five_parts_and_cannot_read_them(visit: Callable[[], Visitor], refresh: str) -> None:
    visitor = visit()
    visitor.log_in("clara", "token", lifetime=5, refresh=refresh)
    page = visitor.page
    assert re.fullmatch(r"[\w-]+(\.[\w-]+){4}", page.locator("#jwt").inner_text())
    expect(page.locator("#jwt-header")).to_contain_text("ECDH-ES+A256KW")
    expect(page.locator("#jwt-sealed")).to_contain_text("nobody can read")
    expect(page.locator("#pass-body")).not_to_contain_text("Clara")
    unexplained = page.locator("#jwt-header .meaning").filter(has_text=re.compile(r"^$"))
    assert unexplained.count() == 0
    first = page.locator("#jwt").inner_text()
    expect(page.locator("#jwt")).not_to_have_text(first)  # renewed, and still good
    expect(page.get_by_text("Clara Stein").first).to_be_visible()  # the Services can read it
