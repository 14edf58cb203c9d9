"""FastAPI: how a pass is carried, said in the OpenAPI document as security schemes."""

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar

from fastapi import Security
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.openapi.models import SecurityBase as Scheme
from fastapi.security.base import SecurityBase

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


class _Way(SecurityBase):
    """A security scheme that is only shown. FastAPI's own want a request, which a WebSocket does not have."""

    def __init__(self, model: Scheme, *, scheme_name: str) -> None:
        self.model = model
        self.scheme_name = scheme_name

    async def __call__(self) -> None:
        """Find nothing: that is the guard's work."""


def _way(carry: Carry) -> object:
    if isinstance(carry, Cookie):
        model = APIKey.model_validate({"in": APIKeyIn.cookie, "name": carry.name})
        return Security(_Way(model, scheme_name="APIKeyCookie"))
    return Security(_Way(HTTPBearer(), scheme_name="HTTPBearer"))
