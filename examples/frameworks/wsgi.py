"""Plain WSGI: no framework at all, and the server of the standard library."""

import json
import os
from wsgiref.simple_server import make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from gatepass.verifier import Guard, Verifier, permission
from gatepass.verifier.wsgi import AnswerRefusals, user, user_or_none

verifier = Verifier(issuer=os.environ.get("GATEPASS_ISSUER", "http://127.0.0.1:8000"), audience="my-site")
guard = Guard(verifier)


def service(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Serve three routes."""
    status = "200 OK"
    match environ["PATH_INFO"]:
        case "/open":
            visitor = user_or_none(environ, guard)
            said = {"hello": visitor.name if visitor else "stranger"}
        case "/me":
            said = {"subject": user(environ, guard).subject}
        case "/appointments":
            said = {"doctor": user(environ, guard, permission("appointments:read")).name}
        case _:
            status, said = "404 Not Found", {}
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(said).encode()]


app = AnswerRefusals(service, guard=guard)

if __name__ == "__main__":
    make_server("127.0.0.1", int(os.environ.get("PORT", "8001")), app).serve_forever()
