"""The tests on the page about testing are run as its reader would run them: by pytest, with the plugin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.docs.pages import DOCS, blocks, prose

from gatepass.testing import plugin
from gatepass.testing.attacks import CARRIED

if TYPE_CHECKING:
    import pytest

PAGE = DOCS / "howto" / "test-your-service.md"

pytest_plugins = ["pytester"]


def test_the_tests_on_the_page_pass(pytester: pytest.Pytester) -> None:
    text = "\n\n".join(block.text for block in blocks(PAGE, "python"))
    pytester.makepyfile(text)
    single = len(re.findall(r"^def test_", text, re.MULTILINE)) - 1
    pytester.runpytest_inprocess("-p", "no:asyncio").assert_outcomes(passed=single + len(CARRIED))


def test_every_option_of_the_plugin_is_on_the_page(pytestconfig: pytest.Config) -> None:
    options = {name for name in vars(pytestconfig.option) if name.startswith("gatepass_")} - {
        "gatepass_token"
    }
    assert options
    assert {f"--{name.replace('_', '-')}" for name in options} <= set(
        re.findall(r"--gatepass-\w+", prose(PAGE))
    )
    assert plugin.TOKEN_VARIABLE in prose(PAGE)
