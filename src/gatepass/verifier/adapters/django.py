"""Django: who sends the request, and decorators that say what they must hold; sync and async views."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest

from gatepass import verifier as gp
from gatepass.verifier import wsgi
from gatepass.verifier.adapters import gate
from gatepass.verifier.adapters.django_middleware import AnswerRefusals

View = Callable[..., Any]


class Gate(gate.Gate[Callable[[View], View]]):
    """`gate.current_user(request)`, `@gate.require("appointments:read")`, and itself in `MIDDLEWARE`."""

    sync_capable = async_capable = True

    def __call__(self, get_response: Callable[..., Any]) -> AnswerRefusals:
        """Let Django answer refusals: `MIDDLEWARE = [..., "clinic.passes.gate"]`, where your gate is."""
        return AnswerRefusals(get_response, guard=self.guard)

    def optional_user(self, request: HttpRequest) -> gp.Principal | None:
        """Give who sends the request, or None without a pass."""
        return wsgi.user_or_none(request.META, self.guard)

    def current_user(self, request: HttpRequest) -> gp.Principal:
        """Give who sends the request. Raises `Refused`, which becomes the answer."""
        return wsgi.user(request.META, self.guard)

    async def aoptional_user(self, request: HttpRequest) -> gp.Principal | None:
        """Do the same as `optional_user` in an async view."""
        return await wsgi.auser_or_none(request.META, self.guard)

    async def acurrent_user(self, request: HttpRequest) -> gp.Principal:
        """Do the same as `current_user` in an async view."""
        return self.guard.demand(await self.aoptional_user(request))

    def requires(self, *requirements: gp.Requirement) -> Callable[[View], View]:
        """Demand a pass that holds, and everything named."""

        def decorated(view: View) -> View:
            def demanding(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                wsgi.user(request.META, self.guard, *requirements)
                return view(request, *args, **kwargs)

            async def ademanding(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                self.guard.demand(await self.aoptional_user(request), *requirements)
                return await view(request, *args, **kwargs)

            return wraps(view)(ademanding if iscoroutinefunction(view) else demanding)

        return decorated
