"""The attacks beside tokens and keys, as their files tell them: what each test says, and over which cases."""

import ast
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent


class Told(NamedTuple):
    """One test: its name in words, and the cases that it runs over."""

    what: str
    cases: list[str]


class Chapter(NamedTuple):
    """One file: what it is about, and its tests."""

    file: str
    about: str
    tests: list[Told]


def chapters() -> list[Chapter]:
    """Give every file of attacks that the table of lessons does not speak of."""
    return [
        chapter(path) for path in sorted(FOLDER.glob("test_*.py")) if not path.stem.startswith("test_jose_")
    ]


def chapter(path: Path) -> Chapter:
    """Read a file; it is not run."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    about = (ast.get_docstring(tree) or "").partition("\n")[0].rstrip(".")
    cases = {name: keys for node in tree.body for name, keys in named_cases(node)}
    return Chapter(path.name, about, [told for node in tree.body for told in tests_in(node, cases)])


def named_cases(node: ast.stmt) -> list[tuple[str, list[str]]]:
    """Give the name and the keys of a table, where the statement is one."""
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Dict):
        return []
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    keys = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
    return [(ast.unparse(target), [key for key in keys if isinstance(key, str)])]


def tests_in(node: ast.stmt, cases: dict[str, list[str]]) -> list[Told]:
    """Give the test that a statement is."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
        return []
    asked = [name.id for mark in node.decorator_list for name in ast.walk(mark) if isinstance(name, ast.Name)]
    what = node.name.removeprefix("test_").replace("_", " ")
    return [Told(what, [case for name in dict.fromkeys(asked) for case in cases.get(name, [])])]
