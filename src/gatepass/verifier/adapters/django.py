"""Django: who sends the request, and decorators that say what they must hold; sync and async views."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest

from gatepass import verifier as gp
from gatepass.verifier import wsgi
from gatepass.verifier.adapters import gate
from gatepass.verifier.adapters.django_middleware import InMiddleware

View = Callable[..., Any]


class Gate(InMiddleware, gate.Gate[Callable[[View], View]]):
    """`gate.current_user(request)`, `@gate.require("appointments:read")`, and itself in `MIDDLEWARE`."""

    def optional_user(self, request: HttpRequest) -> gp.Principal | None:
        """Give who sends the request, or None without a pass."""
        with self.answered():
            return wsgi.user_or_none(request.META, self.guard)

    def current_user(self, request: HttpRequest, *requirements: gp.Requirement) -> gp.Principal:
        """Give who sends the request. Raises `Refused`, which becomes the answer."""
        with self.answered():
            return wsgi.user(request.META, self.guard, *requirements)

    async def aoptional_user(self, request: HttpRequest) -> gp.Principal | None:
        """Do the same as `optional_user` in an async view."""
        with self.answered():
            return await wsgi.auser_or_none(request.META, self.guard)

    async def acurrent_user(self, request: HttpRequest, *requirements: gp.Requirement) -> gp.Principal:
        """Do the same as `current_user` in an async view."""
        user = await self.aoptional_user(request)
        with self.answered():
            return self.guard.demand(user, *requirements)

    def requires(self, *requirements: gp.Requirement) -> Callable[[View], View]:
        """Demand a pass that holds, and everything named."""

        def decorated(view: View) -> View:
            def demanding(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                self.current_user(request, *requirements)
                return view(request, *args, **kwargs)

            async def ademanding(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                await self.acurrent_user(request, *requirements)
                return await view(request, *args, **kwargs)

            return wraps(view)(ademanding if iscoroutinefunction(view) else demanding)

        return decorated
