"""A shared secret and sealed tokens at once, over real HTTP; the Service publishes its own key.
Whoever is kicked out is out."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from tests.integration.conftest import PASSWORD, PATIENCE, Site
from tests.ports import free_port

from gatepass.jose import Key, KeySet, jwt
from gatepass.verifier import Freshness, SharedSecrets, Verifier

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = Key.generate("ECDH-ES+A256KW")
CONTRACT = Freshness(max_staleness=120, on_stale="deny")
pytestmark = pytest.mark.xdist_group("auth")


class Publishing(BaseHTTPRequestHandler):
    """The Service's own key set."""

    def do_GET(self) -> None:
        body = msgspec.json.encode(KeySet([KEY.public()]).to_jwks())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def published() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Publishing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    port = free_port()
    made = Site(tmp_path_factory.mktemp("sealed"), port)
    made.run("init", str(made.folder), "--shared-secret", "--audience", "clinic", "--port", str(port))
    named = ["ann@example.org", "--first-name", "Ann", "--last-name", "Lee"]
    made.run("user", "add", "--password-stdin", *named, stdin=PASSWORD)
    with published() as url:
        made.env["GATEPASS_ENCRYPTION__JWKS_URL"] = url
        made.start()
        try:
            yield made
        finally:
            made.stop()


async def log_in(client: httpx.AsyncClient) -> dict[str, Any]:
    """Log in, and wait for Auth to have the key if it has just started: until then it says 503."""
    body = {"email": "ann@example.org", "password": PASSWORD, "mode": "token", "refresh": "renewal"}
    async with asyncio.timeout(PATIENCE):
        while True:
            answer = await client.post("/api/login", json=body)
            if answer.status_code != 503:
                assert answer.status_code == 200, answer.text
                return dict(answer.json())
            await asyncio.sleep(0.1)


async def test_a_sealed_token_holds_until_its_session_ends(site: Site) -> None:
    secrets = SharedSecrets.parse((site.folder / "gatepass.secret").read_bytes())
    verifier = Verifier(
        issuer=site.url, audience="clinic", shared_secrets=secrets, decryption_keys=KeySet([KEY])
    )
    await verifier.ready(PATIENCE)
    try:
        async with httpx.AsyncClient(base_url=site.url, timeout=PATIENCE) as client:
            assert (await client.get("/.well-known/jwks.json")).status_code == 404
            came = await log_in(client)
            token = came["access_token"]
            assert jwt.peek_header(token)["kid"] == KEY.kid
            principal = await verifier.check(token)
            assert (principal.email, principal.kid) == ("ann@example.org", secrets.signing.kid)
            waiting = asyncio.create_task(verifier.end_of(principal, freshness=CONTRACT))
            site.run("session", "kick", came["sid"])
            refused = await asyncio.wait_for(waiting, PATIENCE)
            assert refused.reason == "revoked_sid"
            renewal = await client.post("/api/refresh", json={"expired_token": token})
            assert renewal.status_code == 401
    finally:
        await verifier.close()
    log = (site.folder / "auth.log").read_text()
    assert (site.folder / "gatepass.secret").read_text().splitlines()[-1] not in log
    assert token not in log
