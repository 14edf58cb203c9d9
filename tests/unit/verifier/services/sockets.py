"""WebSockets: a client that speaks to an app as a server would, and an echo in each framework."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

import fastapi
import litestar
from litestar.di import NamedDependency, Provide
from litestar.exceptions import WebSocketDisconnect as LitestarDisconnect
from litestar.handlers import WebsocketRouteHandler
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.unit.verifier.services.talking import Reply, asgi_scope
from tests.unit.verifier.world import PATIENCE

from gatepass.verifier import Bearer, Carry, Guard, PassVerifier, Principal, permission
from gatepass.verifier.adapters.fastapi import Gate as FastApiGate
from gatepass.verifier.adapters.litestar import Gate as LitestarGate
from gatepass.verifier.adapters.starlette import Gate as StarletteGate
from gatepass.verifier.asgi import PRINCIPAL, App, GatepassMiddleware, Message, Receive, Scope, Send

PERMISSION: Final = "appointments:read"


class Client:
    """The other end of a WebSocket."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[Message] = asyncio.Queue()
        self._says: asyncio.Queue[Message] = asyncio.Queue()
        self.reads = asyncio.Event()  # while it is not set, nothing that is sent arrives
        self.reads.set()
        self.app: asyncio.Task[None]

    def say(self, text: str) -> None:
        """Send a text."""
        self._says.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        """Go away."""
        self._says.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def hear(self) -> Message:
        """Wait for what the app sends."""
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()

    async def denial(self) -> Reply:
        """Wait for the answer to a handshake that is refused."""
        start, body = await self.hear(), await self.hear()
        assert start["type"] == "websocket.http.response.start"
        assert body["type"] == "websocket.http.response.body"
        headers = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], headers, body["body"])

    async def ended(self) -> None:
        """Wait until the app is done. Raises what it raises."""
        async with asyncio.timeout(PATIENCE):
            await self.app

    async def receive(self) -> Message:
        return await self._says.get()

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        self.heard.put_nowait(message)


@asynccontextmanager
async def connected(app: App, headers: Mapping[str, str], *, denials: bool = True) -> AsyncIterator[Client]:
    """Begin a handshake with the app; `denials`: as a server that can answer one with a whole response."""
    scope = asgi_scope("websocket", "/echo", headers) | {"subprotocols": []}
    if denials:
        scope["extensions"] = {"websocket.http.response": {}}
    client = Client()
    client._says.put_nowait({"type": "websocket.connect"})
    client.app = asyncio.create_task(app(scope, client.receive, client.send))  # type: ignore[arg-type]
    try:
        yield client
    finally:
        client.app.cancel()
        await asyncio.wait({client.app})


def asgi_echo(verifier: PassVerifier, **ways: Any) -> App:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": f"{scope[PRINCIPAL].subject}: {message['text']}"})

    return GatepassMiddleware(echo, guard=Guard(verifier, **ways), requires=(permission(PERMISSION),))


def starlette_echo(verifier: PassVerifier, **ways: Any) -> App:
    gate = StarletteGate(verifier, **ways)

    @gate.require(PERMISSION)
    async def echo(websocket: WebSocket) -> None:
        user = await gate.current_user(websocket)
        await _echo(websocket, user)

    app = Starlette(routes=[WebSocketRoute("/echo", echo)])
    gate.install(app)
    return app


def fastapi_echo(verifier: PassVerifier, **ways: Any) -> App:
    gate = FastApiGate(verifier, **ways)
    app = fastapi.FastAPI()
    gate.install(app)

    @app.websocket("/echo")
    async def echo(
        websocket: WebSocket, user: Annotated[Principal, fastapi.Depends(gate.require(PERMISSION))]
    ) -> None:
        await _echo(websocket, user)

    return app


async def _echo(websocket: WebSocket, user: Principal) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(f"{user.subject}: {await websocket.receive_text()}")
    except WebSocketDisconnect:
        pass


def litestar_echo(verifier: PassVerifier, **ways: Any) -> App:
    gate = LitestarGate(verifier, **ways)

    async def echo(socket: litestar.WebSocket[Any, Any, Any], user: NamedDependency[Principal]) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text(f"{user.subject}: {await socket.receive_text()}")
        except LitestarDisconnect:
            pass

    dependencies = {"user": Provide(gate.current_user)}
    guards: list[Any] = [gate.require(PERMISSION)]
    route = WebsocketRouteHandler("/echo", dependencies=dependencies, guards=guards)(echo)
    app: Any = litestar.Litestar([route], plugins=[gate], logging_config=None)
    return app  # type: ignore[no-any-return]


ECHOES: Final[dict[str, Callable[..., App]]] = {
    "asgi": asgi_echo,
    "starlette": starlette_echo,
    "fastapi": fastapi_echo,
    "litestar": litestar_echo,
}


def echo(framework: str, verifier: PassVerifier, *, carry: tuple[Carry, ...] = (Bearer(),)) -> App:
    """Make the Service in that framework: it says after its user what it hears."""
    return ECHOES[framework](verifier, carry=carry)
