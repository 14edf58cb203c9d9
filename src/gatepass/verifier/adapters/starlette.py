"""Starlette: who sends the request or opens the WebSocket, and decorators that say what they must hold."""

from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from gatepass import verifier as gp
from gatepass.verifier import asgi
from gatepass.verifier.adapters import gate

Decorator = Callable[[Callable[..., Any]], Callable[..., Awaitable[Any]]]


class Gate(gate.Gate[Decorator]):
    """`await gate.current_user(request)`, and `@gate.require("appointments:read")` over an endpoint."""

    def install(self, app: Starlette) -> None:
        """Let the app answer refusals and close sockets, and the verifier begin and end with it."""
        app.add_exception_handler(gp.Refused, self._answer)
        app.add_middleware(asgi.AnswerRefusals, guard=self.guard)

    async def optional_user(self, connection: HTTPConnection) -> gp.Principal | None:
        """Give who is there, or None without a pass."""
        return await asgi.user_or_none(connection.scope, self.guard)

    async def current_user(self, connection: HTTPConnection) -> gp.Principal:
        """Give who is there. Raises `Refused`, which becomes the answer."""
        return await asgi.user(connection.scope, self.guard)

    def requires(self, *requirements: gp.Requirement) -> Decorator:
        """Demand a pass that holds, and everything named."""

        def decorated(endpoint: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
            @wraps(endpoint)
            async def demanding(*args: Any, **kwargs: Any) -> Any:
                connection = next(arg for arg in args if isinstance(arg, HTTPConnection))
                await asgi.user(connection.scope, self.guard, *requirements)
                if iscoroutinefunction(endpoint):
                    return await endpoint(*args, **kwargs)
                return await run_in_threadpool(endpoint, *args, **kwargs)

            return demanding

        return decorated

    async def _answer(self, connection: Request | WebSocket, refusal: Exception) -> Response:
        if isinstance(connection, WebSocket):
            raise refusal  # the middleware knows how a socket is refused
        answer = self.guard.answer(cast("gp.Refused", refusal)).to(connection.method)
        return Response(answer.body, answer.status, dict(answer.headers))
