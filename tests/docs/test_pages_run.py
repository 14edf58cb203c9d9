"""Every Python block of the README and the how-to pages is run, and what they assert holds."""

from pathlib import Path
from typing import Any

import pytest
from tests.docs.pages import DOCS, ROOT, run

PAGES = {
    "README.md": ROOT / "README.md",
    **{str(page.relative_to(ROOT)): page for page in sorted((DOCS / "howto").glob("*.md"))},
    **{str(page.relative_to(ROOT)): page for page in sorted((DOCS / "explanation").glob("*.md"))},
    **{str(page.relative_to(ROOT)): page for page in sorted((DOCS / "reference").glob("*.md"))},
}


@pytest.mark.usefixtures("fixed_clock")
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_the_python_of_a_page_runs(page: Path, namespace: dict[str, Any], jwks_uri: str) -> None:
    run(page, namespace, {"https://login.example/jwks.json": jwks_uri})


def test_the_runner_stops_at_what_a_page_says_wrongly(tmp_path: Path, namespace: dict[str, Any]) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Wrong\n\n```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")
    with pytest.raises(AssertionError) as caught:
        run(page, namespace, {})
    assert caught.traceback[-1].path == page
    assert caught.traceback[-1].lineno == 7  # from 0
