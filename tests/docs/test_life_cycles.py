"""The page of life cycles says what the tables say."""

from tests.docs.life_cycles import CYCLES, PAGE, page


def test_the_page_is_printed_from_the_tables() -> None:
    assert PAGE.read_text() == page()


def test_every_transition_stands_on_the_page() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    assert len(rows) == sum(len(table) + 1 for table in CYCLES.values())  # each with its head
