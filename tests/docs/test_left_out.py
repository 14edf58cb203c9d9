"""The page of what is left out names only advisories that the table of lessons knows."""

import re
from typing import Final

import pytest
from tests.attacks.lessons import LESSONS
from tests.docs.pages import DOCS, prose

PAGE: Final = DOCS / "explanation" / "left-out.md"
ADVISORY: Final = re.compile(r"CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}")
ELSEWHERE: Final = {"CVE-2026-48522", "CVE-2026-102267"}  # of fetching: the Verifier's attacks
KNOWN: Final = ELSEWHERE | {
    advisory for lesson in LESSONS.values() for advisory in ADVISORY.findall(lesson.what)
}


@pytest.mark.parametrize("advisory", sorted(set(ADVISORY.findall(prose(PAGE)))))
def test_an_advisory_is_one_of_the_lessons(advisory: str) -> None:
    assert advisory in KNOWN


LEFT_OUT: Final = (
    *("none", "RSA1_5", "PBES2", "EdDSA", "zip", "b64", "crit", "detached", "serialization"),
    *("jwk", "jku", "x5u", "x5c", "kid", "verify_exp"),
)


@pytest.mark.parametrize("word", LEFT_OUT)
def test_what_is_left_out_is_on_the_page(word: str) -> None:
    assert re.search(rf"(?<!\w){word}(?!\w)", prose(PAGE), re.IGNORECASE)
