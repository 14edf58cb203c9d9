"""Flask: who sends the request, and decorators that say what they must hold."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, Response, current_app, request

from gatepass import verifier as gp
from gatepass.verifier import wsgi
from gatepass.verifier.adapters import gate

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Gate(gate.Gate[Decorator]):
    """`gate.current_user()`, and `@gate.require("appointments:read")` over a view, below its route."""

    def install(self, app: Flask) -> None:
        """Let the app answer refusals."""
        app.register_error_handler(gp.Refused, self._answer)

    def optional_user(self) -> gp.Principal | None:
        """Give who sends the request, or None without a pass."""
        return wsgi.user_or_none(request.environ, self.guard)

    def current_user(self) -> gp.Principal:
        """Give who sends the request. Raises `Refused`, which becomes the answer."""
        return wsgi.user(request.environ, self.guard)

    def requires(self, *requirements: gp.Requirement) -> Decorator:
        """Demand a pass that holds, and everything named."""

        def decorated(view: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(view)
            def demanding(*args: Any, **kwargs: Any) -> Any:
                wsgi.user(request.environ, self.guard, *requirements)
                return current_app.ensure_sync(view)(*args, **kwargs)

            return demanding

        return decorated

    def _answer(self, refusal: gp.Refused) -> Response:
        answer = self.guard.answer(refusal)  # Flask itself takes the body away from a HEAD
        return Response(answer.body, answer.status, answer.headers)
