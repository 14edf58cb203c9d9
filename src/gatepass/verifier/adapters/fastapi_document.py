"""FastAPI: how a pass is carried, said in the OpenAPI document as security schemes."""

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

from fastapi import Security
from fastapi.security import APIKeyCookie, HTTPBearer

from gatepass.verifier import Carry, Cookie

Dependency = TypeVar("Dependency", bound=Callable[..., Any])


def shown_with(carry: tuple[Carry, ...]) -> Callable[[Dependency], Dependency]:
    """Make the document of each route that uses the dependency name these ways; any one will do.

    FastAPI reads a dependency's signature, so each way becomes a parameter of it; its value is not used,
    since finding the pass is the guard's work.
    """

    def shown(dependency: Dependency) -> Dependency:
        own = [p for p in signature(dependency).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
        ways = [Parameter(f"way{n}", Parameter.KEYWORD_ONLY, default=_way(c)) for n, c in enumerate(carry)]
        setattr(dependency, "__signature__", Signature([*own, *ways]))  # noqa: B010 (no type knows this name)
        return dependency

    return shown


def _way(carry: Carry) -> object:
    if isinstance(carry, Cookie):
        return Security(APIKeyCookie(name=carry.name, auto_error=False))
    return Security(HTTPBearer(auto_error=False))
