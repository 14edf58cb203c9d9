"""A package comes to another by its front door (ADR 0001); who goes past it stands here, with the reason."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[2] / "src"

PAST_THE_DOOR: Final = {
    "gatepass.jose.algorithms": "the attacks sign by algorithms that no policy allows",
    "gatepass.jose.b64": "the one strict codec; no promise to users",
    "gatepass.server.http_server": "brings uvicorn, which `serve` alone pays for",
    "gatepass.storage.checking": "the questions of `db check`, about both databases",
    "gatepass.storage.postgres.look": "`db check` asks without a store; psycopg comes where it is needed",
    "gatepass.storage.sqlite.look": "`db check` asks without a store",
    "gatepass.verifier.issuer": "`token explain` looks at what a Verifier read of the issuer",
    "gatepass.verifier.revocations": "the fake issuer judges by the same table as a Service",
}


def imports(path: Path) -> Iterator[str]:
    """What a module imports of Gatepass: `gatepass.jose` for a name of a front door, else the module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield named(node.module, alias.name)


def named(module: str, name: str) -> str:
    """The module that `from module import name` reaches into."""
    inside = SOURCE.joinpath(*module.split("."), name)
    is_module = inside.is_dir() or inside.with_suffix(".py").exists()
    promised = getattr(import_module(module), "__all__", ()) if is_module else ()
    return f"{module}.{name}" if is_module and name not in promised else module


def has_a_door(module: str) -> bool:
    return SOURCE.joinpath(*module.split("."), "__init__.py").exists() or module.count(".") == 1


def floor_of(module: str) -> str:
    return ".".join(module.split(".")[:2])


def test_who_comes_past_a_front_door_has_a_reason() -> None:
    past = set()
    for path in SOURCE.rglob("*.py"):
        own = floor_of(".".join(path.relative_to(SOURCE).with_suffix("").parts))
        past |= {
            module
            for module in imports(path)
            if module.startswith("gatepass.") and floor_of(module) != own and not has_a_door(module)
        }
    assert past == set(PAST_THE_DOOR)
