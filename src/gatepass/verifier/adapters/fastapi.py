"""FastAPI: who is there and what they must hold, as dependencies that the OpenAPI document shows.

They are the same for a WebSocket, which is closed when the pass no longer holds.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request, Response, WebSocket
from fastapi.requests import HTTPConnection

from gatepass import verifier as gp
from gatepass.verifier import asgi
from gatepass.verifier.adapters import gate
from gatepass.verifier.adapters.fastapi_document import shown_with
from gatepass.verifier.freshness import DEFAULT

User = Callable[..., Awaitable[gp.Principal]]


class Gate(gate.Gate[User]):
    """The dependencies `current_user`, `optional_user`, `require("appointments:read")` … of one guard."""

    def __init__(
        self,
        verifier: gp.PassVerifier,
        *,
        carry: tuple[gp.Carry, ...] = (gp.Bearer(),),
        freshness: gp.Freshness = DEFAULT,
    ) -> None:
        super().__init__(verifier, carry=carry, freshness=freshness)

        @shown_with(carry)
        async def optional_user(connection: HTTPConnection, **_: object) -> gp.Principal | None:
            return await asgi.user_or_none(connection.scope, self.guard)

        self.optional_user = optional_user
        self.current_user = self.requires()

    def install(self, app: FastAPI) -> None:
        """Let the app answer refusals and close sockets, and the verifier begin and end with it."""
        app.add_exception_handler(gp.Refused, self._answer)
        app.add_middleware(asgi.AnswerRefusals, guard=self.guard)

    def requires(self, *requirements: gp.Requirement) -> User:
        """Demand a pass that holds, and everything named."""

        async def user(found: Annotated[gp.Principal | None, Depends(self.optional_user)]) -> gp.Principal:
            return self.guard.demand(found, *requirements)

        return user

    async def _answer(self, connection: Request | WebSocket, refusal: Exception) -> Response:
        if isinstance(connection, WebSocket):
            raise refusal  # the middleware knows how a socket is refused
        answer = self.guard.answer(cast("gp.Refused", refusal)).to(connection.method)
        return Response(answer.body, answer.status, dict(answer.headers))
