"""The reference page of `gatepass.jose` names what there is, all of it, and nothing else."""

import dataclasses
import inspect
from types import ModuleType
from typing import Final

import pytest
from tests.docs.pages import DOCS, named, rows

from gatepass import jose
from gatepass.jose import JoseError, Key, KeySet, Policy, jwe, jws, jwt
from gatepass.jose.algorithms import JWS_ALGORITHMS
from gatepass.jose.jwe_algorithms import JWE_ALGORITHMS
from gatepass.jose.jwe_encryptions import ENCRYPTIONS

PAGE: Final = DOCS / "reference" / "jose.md"


def shown(heading: str, column: int = 0) -> dict[str, list[str]]:
    """Give the calls of a section: name to parameters (empty for attributes)."""
    found = {}
    for row in rows(PAGE, heading):
        for cell in named(row[column]):
            name, _, arguments = cell.partition("(")
            found[name] = [one for one in arguments.rstrip(")").split(", ") if one]
    return found


def errors() -> dict[str, type[JoseError]]:
    return {
        name: one
        for name in jose.__all__
        if inspect.isclass(one := getattr(jose, name)) and issubclass(one, JoseError)
    }


def test_the_names_are_those_of_the_front_door() -> None:
    names = set(shown("Names")) | {named(row[0])[0] for row in rows(PAGE, "Errors")}
    assert names == set(jose.__all__)


def test_the_errors_have_the_codes_and_parents_of_their_classes() -> None:
    table = {
        name: (parent, code)
        for row in rows(PAGE, "Errors")
        for name, parent, code in [(*named(row[0]), *named(row[1]), *named(row[2]))]
    }
    assert table == {name: (one.__mro__[1].__name__, one.code) for name, one in errors().items()}


@pytest.mark.parametrize("module", [jwt, jws, jwe], ids=["jwt", "jws", "jwe"])
def test_the_calls_of_a_module_are_those_there_are_with_their_arguments(module: ModuleType) -> None:
    there = {name: list(inspect.signature(getattr(module, name)).parameters) for name in module.__all__}
    assert shown(module.__name__.rpartition(".")[2]) == there


@pytest.mark.parametrize(("owner", "own"), [(Key, set()), (KeySet, {"KeySet"})], ids=["Key", "KeySet"])
def test_the_members_of_a_class_are_those_there_are_with_their_arguments(owner: type, own: set[str]) -> None:
    table = shown(owner.__name__)
    assert set(table) == {name for name in dir(owner) if not name.startswith("_")} | own
    for name, arguments in table.items():
        one = owner if name in own else getattr(owner, name)
        if callable(one):
            there = inspect.signature(one).parameters
            assert arguments == [name for name in there if name != "self"]


def test_the_fields_of_a_policy_have_their_defaults() -> None:
    table = {named(row[0])[0]: row[1].strip("`") for row in rows(PAGE, "Policy")}
    assert table == {
        field.name: "" if field.default is dataclasses.MISSING else repr(field.default)
        for field in dataclasses.fields(Policy)
        if field.init
    }


def test_the_algorithms_are_those_of_the_tables() -> None:
    names = [name for row in rows(PAGE, "Algorithms") for name in named(row[1])]
    assert len(names) == len(set(names))
    assert set(names) == {*JWS_ALGORITHMS, *JWE_ALGORITHMS, *ENCRYPTIONS}
