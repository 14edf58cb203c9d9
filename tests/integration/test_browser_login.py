"""The cookie's way in and out, and what odd clients get from the real HTTP server."""

from __future__ import annotations

import socket
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.integration.conftest import PATIENCE, Site

from gatepass.server.limits import MAX_BODY

if TYPE_CHECKING:
    import httpx

FORM = {"email": "ann@example.org", "password": "correct horse battery"}
APP = "http://127.0.0.1:8001"
pytestmark = pytest.mark.xdist_group("auth")


def test_the_cookie_opens_the_account_page_and_the_api(site: Site, client: httpx.Client) -> None:
    answer = client.post("/login", data=FORM, headers={"origin": site.url})
    assert answer.status_code == 303
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("gatepass_session=gps_")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert "Ann Lee" in client.get("/").text
    assert client.get("/api/me").json()["user"]["roles"] == ["doctor"]
    sessions = client.get("/api/sessions").json()["sessions"]
    assert [item["device"][:12] for item in sessions if item["current"]] == ["python-httpx"]
    assert client.post("/api/logout").json()["code"] == "csrf"
    tokens = client.post("/api/tokens", json={}, headers={"origin": APP})
    assert tokens.headers["access-control-allow-origin"] == APP
    assert client.post("/api/logout", headers={"origin": site.url}).status_code == 204
    assert client.get("/").headers["location"] == "/login"


def test_the_way_back_leads_to_our_app_and_to_nobody_else_s(site: Site, client: httpx.Client) -> None:
    for wish, way in {
        f"{APP}/page": f"{APP}/page",
        "https://evil.example/": "/",
        "//evil.example": "/",
    }.items():
        client.cookies.clear()
        answer = client.post("/login", data=FORM | {"return_to": wish}, headers={"origin": site.url})
        assert answer.headers["location"] == way


def test_guessing_is_slowed_down_and_a_restart_forgets_nothing(site: Site, client: httpx.Client) -> None:
    guess = {"email": "nobody@example.org", "password": "guess"}
    codes = [client.post("/api/login", json=guess).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    site.stop()
    site.start()
    with site.client() as again:
        answer = again.post("/api/login", json=guess)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 90


def raw(site: Site, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as connection:
        answer = b""
        with suppress(ConnectionError):  # it may hang up on us while we still send
            connection.sendall(request)
        with suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                answer += chunk
        return answer


RAW = {
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"HTTP/1.1 400"),
    "a header without end": (b"GET / HTTP/1.1\r\nx: " + b"a" * 2_000_000, b"HTTP/1.1 431"),
    "headers without end": (b"GET / HTTP/1.1\r\n" + b"x: a\r\n" * 300_000, b"HTTP/1.1 431"),
    "a path without end": (b"GET /" + b"a" * 2_000_000, b"HTTP/1.1 431"),
    "a length that is no number": (b"POST /api/login HTTP/1.1\r\ncontent-length: x\r\n\r\n", b"HTTP/1.1 400"),
    "two lengths": (
        b"POST /api/login HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"HTTP/1.1 400",
    ),
    "a length far beyond the limit": (
        (
            b"POST /api/login HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n"
            b"content-length: 99999999999\r\n\r\n"
        ),
        b"HTTP/1.1 413",
    ),
    "a twin that is fine": (
        b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
        b"HTTP/1.1 200",
    ),
}


@pytest.mark.parametrize("name", RAW)
def test_odd_bytes_get_a_refusal_and_the_next_client_an_answer(
    site: Site, client: httpx.Client, name: str
) -> None:
    request, start = RAW[name]
    answer = raw(site, request)
    # Who still sends when the refusal leaves may see the connection reset in its place (RFC 9112 §9.6).
    assert answer.startswith(start) or (answer == b"" and len(request) > 1_000_000)
    assert client.get("/healthz").status_code == 200


def test_a_client_that_hangs_up_in_the_middle_harms_nobody(site: Site, client: httpx.Client) -> None:
    head = b"POST /api/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n"
    head += b"content-length: 100\r\n\r\n{"
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as connection:
        connection.sendall(head)
    assert client.get("/healthz").status_code == 200
    assert "Traceback" not in (site.folder / "auth.log").read_text()


def test_a_large_body_is_refused_over_the_wire(client: httpx.Client) -> None:
    json = {"content-type": "application/json"}
    answer = client.post("/api/login", content=b" " * (MAX_BODY * 20), headers=json)
    assert answer.json()["code"] == "body_too_large"
    assert client.get("/healthz").status_code == 200


def test_a_taken_port_is_told_in_words(site: Site) -> None:
    words = site.run("serve", code=1)
    assert f"can't listen on 127.0.0.1:{site.port}" in words
    assert f"gatepass serve --port {site.port + 1}" in words
    assert "Traceback" not in words


def test_the_database_and_its_key_are_for_the_owner_alone(site: Site) -> None:
    for name in ("gatepass.db", "gatepass.kek"):
        assert (site.folder / name).stat().st_mode & 0o777 == 0o600
    kek = site.folder / "gatepass.kek"
    kek.chmod(0o640)
    try:
        assert "chmod 600" in site.run("user", "list", code=1)
    finally:
        kek.chmod(0o600)
    assert "ann@example.org" in site.run("user", "list")


def test_the_log_names_causes_and_no_secrets(site: Site, client: httpx.Client) -> None:
    wrong = {"email": "ann@example.org", "password": "a wrong secret"}
    assert client.post("/api/login", json=wrong).status_code == 401
    log = (site.folder / "auth.log").read_text()
    assert "login_refused" in log
    assert not [word for word in ("a wrong secret", "correct horse", "gps_", "gpr_", "eyJ") if word in log]


def test_two_processes_may_not_listen_but_may_share_the_file(site: Site) -> None:
    done = subprocess.run(
        site.command("keys", "list"), env=site.variables(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert "active" in done.stdout
