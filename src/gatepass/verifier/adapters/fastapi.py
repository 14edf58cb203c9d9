"""FastAPI: who sends the request and what they must hold, as dependencies that the OpenAPI document shows."""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request, Response

from gatepass import verifier as gp
from gatepass.verifier.adapters.fastapi_document import shown_with
from gatepass.verifier.asgi import PRINCIPAL, AnswerRefusals, request_head

User = Callable[..., Awaitable[gp.Principal]]


class Gate:
    """The dependencies `current_user`, `optional_user`, `require("appointments:read")` … of one guard."""

    def __init__(self, verifier: gp.PassVerifier, *, carry: tuple[gp.Carry, ...] = (gp.Bearer(),)) -> None:
        self.guard = guard = gp.Guard(verifier, carry)

        @shown_with(carry)
        async def optional_user(request: Request, **_: object) -> gp.Principal | None:
            request.scope[PRINCIPAL] = user = await guard.user_or_none(request_head(request.scope))
            return user

        self.optional_user = optional_user
        self.current_user = self.requires()

    def install(self, app: FastAPI) -> None:
        """Let the app answer refusals, and the verifier begin and end with it."""
        app.add_exception_handler(gp.Refused, self._answer)
        app.add_middleware(AnswerRefusals, guard=self.guard)

    def require(self, permission: str) -> User:
        """Demand a permission, such as `appointments:read`."""
        return self.requires(gp.permission(permission))

    def requires(self, *requirements: gp.Requirement) -> User:
        """Demand a pass that holds, and everything named."""

        async def user(found: Annotated[gp.Principal | None, Depends(self.optional_user)]) -> gp.Principal:
            return self.guard.demand(found, *requirements)

        return user

    def require_role(self, role: str) -> User:
        """Demand a role."""
        return self.requires(gp.role(role))

    def require_scope(self, scope: str) -> User:
        """Demand a scope."""
        return self.requires(gp.scope(scope))

    async def _answer(self, _: Request, refusal: Exception) -> Response:
        answer = self.guard.answer(cast("gp.Refused", refusal))
        return Response(answer.body, answer.status, dict(answer.headers))
