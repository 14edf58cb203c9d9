"""Plain ASGI: no framework at all."""

import json
import os

from gatepass.verifier import Guard, Verifier, permission
from gatepass.verifier.asgi import AnswerRefusals, App, Receive, Scope, Send, user, user_or_none

verifier = Verifier(issuer=os.environ.get("GATEPASS_ISSUER", "http://127.0.0.1:8000"), audience="my-site")
guard = Guard(verifier)


async def service(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 (no body is read)
    """Serve three routes."""
    if scope["type"] != "http":
        return
    status = 200
    match scope["path"]:
        case "/open":
            visitor = await user_or_none(scope, guard)
            said = {"hello": visitor.name if visitor else "stranger"}
        case "/me":
            said = {"subject": (await user(scope, guard)).subject}
        case "/appointments":
            said = {"doctor": (await user(scope, guard, permission("appointments:read"))).name}
        case _:
            status, said = 404, {}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(said).encode()})


app: App = AnswerRefusals(service, guard=guard)
