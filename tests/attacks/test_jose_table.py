"""The table of lessons and the attacks map one to one, and the docs say the same."""

from tests.attacks.lessons import LESSONS
from tests.attacks.others import chapters
from tests.attacks.page import PAGE, attacks, page


def test_every_lesson_has_an_attack_and_every_attack_a_lesson() -> None:
    assert attacks().keys() == LESSONS.keys()


def test_every_section_of_rfc_8725_is_there() -> None:
    assert {f"§3.{section}" for section in range(1, 13)} <= LESSONS.keys()


def test_no_two_attacks_have_the_same_name() -> None:
    names = [attack.what for found in attacks().values() for _, attack in found]
    assert len(set(names)) == len(names) > 500


def test_every_other_file_of_attacks_tells_what_it_tries() -> None:
    for chapter in chapters():
        assert chapter.about
        assert chapter.tests
    assert sum(len(told.cases) for chapter in chapters() for told in chapter.tests) > 200


def test_the_page_is_what_the_tests_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
