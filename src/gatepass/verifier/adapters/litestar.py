"""Litestar: who is there, as dependencies, and guards that say what they must hold; WebSockets too."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast

from litestar import Request, Response
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.middleware import DefineMiddleware
from litestar.plugins import InitPlugin
from litestar.types import Scope

from gatepass import verifier as gp
from gatepass.verifier import asgi
from gatepass.verifier.adapters import gate

LitestarGuard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]


class Gate(gate.Gate[LitestarGuard], InitPlugin):
    """`Provide(gate.current_user)`, `guards=[gate.require("appointments:read")]`, `plugins=[gate]`."""

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Let the app answer refusals and close sockets, and the verifier begin and end with it."""
        app_config.exception_handlers[gp.Refused] = self._answer
        around = cast("Any", asgi.AnswerRefusals)  # its messages are mappings, Litestar's have a type each
        app_config.middleware.insert(0, DefineMiddleware(around, guard=self.guard))
        app_config.on_startup.append(partial(asgi.begin, self.guard))
        app_config.on_shutdown.append(self.guard.verifier.close)
        return app_config

    async def optional_user(self, scope: Scope) -> gp.Principal | None:
        """Give who is there, or None without a pass."""
        return await asgi.user_or_none(cast("asgi.Scope", scope), self.guard)

    async def current_user(self, scope: Scope) -> gp.Principal:
        """Give who is there."""
        return await asgi.user(cast("asgi.Scope", scope), self.guard)

    def requires(self, *requirements: gp.Requirement) -> LitestarGuard:
        """Demand a pass that holds, and everything named."""

        async def demanding(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
            await asgi.user(cast("asgi.Scope", connection.scope), self.guard, *requirements)

        return demanding

    def _answer(self, request: Request[Any, Any, Any], refusal: gp.Refused) -> Response[bytes]:
        answer = self.guard.answer(refusal).to(request.method)
        return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))
