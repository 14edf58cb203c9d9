"""Prints docs/reference/attacks.md from the lessons and the attacks: `python -m tests.attacks.page`."""

from collections import defaultdict
from importlib import import_module
from pathlib import Path

from tests.attacks.forgery import Attack
from tests.attacks.lessons import LESSONS
from tests.attacks.others import chapters

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "reference" / "attacks.md"
HEAD = """\
# What broke elsewhere, and the tests that keep it out of here

Tokens and keys: each line of what happened to others, each section of RFC 8725 and each rule of its
successor, with the attacks that prove it. Behind them [the rest](#beyond-tokens-and-keys): log-in, sessions,
requests, the revocation feed, encrypted tokens, shared secrets. Every attack has a twin, the same without the
attack, that must be accepted.

Printed by `python -m tests.attacks.page`; a test fails where this page and the tests part.
"""


def attacks() -> dict[str, list[tuple[str, Attack]]]:
    """Give the attacks of each lesson, with the file they stand in."""
    found: defaultdict[str, list[tuple[str, Attack]]] = defaultdict(list)
    for path in sorted(FOLDER.glob("test_jose_*.py")):
        for attack in getattr(import_module(f"tests.attacks.{path.stem}"), "ATTACKS", ()):
            found[attack.lesson].append((path.name, attack))
    return found


def page() -> str:
    """Give the text of the page."""
    found = attacks()
    total = sum(map(len, found.values()))
    lines = [HEAD, f"{total} attacks on tokens and keys.\n"]
    for number, (key, lesson) in enumerate(LESSONS.items(), 1):
        lines += [f"## {number}. {lesson.what}\n", f"{lesson.answer[0].upper()}{lesson.answer[1:]}.\n"]
        for file in sorted({file for file, _ in found[key]}):
            lines.append(f"`tests/attacks/{file}`\n")
            lines += [f"- {shown(attack.what)}" for where, attack in found[key] if where == file]
            lines.append("")
    return "\n".join([*lines, *beyond()]).rstrip() + "\n"


def beyond() -> list[str]:
    """Give the lines about everything else."""
    lines = ["## Beyond tokens and keys\n"]
    for chapter in chapters():
        lines += [f"### {chapter.about}\n", f"`tests/attacks/{chapter.file}`\n"]
        for told in chapter.tests:
            lines += [f"- {told.what}", *(f"  - {shown(case)}" for case in told.cases)]
        lines.append("")
    return lines


def shown(what: str) -> str:
    """Give a test's name as Markdown prints it: marks escaped, nothing but ASCII and a few letters."""
    spelt = "".join(char if char.isascii() or char in "§‖é" else f"\\u{ord(char):04x}" for char in what)
    return "`" + spelt.replace("`", "'") + "`"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
