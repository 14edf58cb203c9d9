"""Log in, be checked, renew, be kicked out: over real HTTP, against a real process and a real file."""

from __future__ import annotations

import json
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.integration.conftest import PATIENCE, Site

from gatepass.jose import KeySet, jwt
from gatepass.oauth import access_token_policy

PASSWORD = "correct horse battery"
SHORT = 6  # seconds that a token lives which must expire
RENEWABLE = 25  # seconds: less than the 30 before the end from which on the renewal form may be used
pytestmark = pytest.mark.xdist_group("auth")


def log_in(client: httpx.Client, email: str = "ann@example.org", **more: object) -> dict[str, Any]:
    answer = client.post("/api/login", json={"email": email, "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def is_active(client: httpx.Client, session_id: str) -> bool:
    return bool(client.post("/api/session/check", headers=bearer(session_id)).json()["active"])


def expire(access_token: str) -> None:
    """Wait for the token's end."""
    left = float(jwt.peek(access_token).claims["exp"]) - time.time()
    time.sleep(max(0.0, left) + 0.05)


def test_session_mode_a_session_id_is_checked_with_one_look_up(client: httpx.Client) -> None:
    session = log_in(client)
    before = client.get("/api/counters").json()
    told = [client.post("/api/session/check", headers=bearer(session["session_id"])).json() for _ in range(4)]
    after = client.get("/api/counters").json()
    assert [t["active"] for t in told] == [True] * 4
    assert told[0]["permissions"] == ["appointments:read", "people:read"]
    assert (after["requests"] - before["requests"], after["lookups"] - before["lookups"]) == (4, 4)


def test_token_mode_a_token_is_checked_with_the_published_keys_alone(
    site: Site, client: httpx.Client
) -> None:
    token = log_in(client, mode="token")["access_token"]
    metadata = client.get("/.well-known/oauth-authorization-server").json()
    keys = KeySet.from_jwks(httpx.get(metadata["jwks_uri"], timeout=PATIENCE).content)
    policy = access_token_policy(issuer=site.url, audience="clinic", algorithms=frozenset({"ES256"}))
    claims = jwt.verify(token, keys, policy, now=time.time()).claims
    assert claims["email"] == "ann@example.org"
    assert claims["roles"] == ["doctor"]


def test_standard_form_rotates_repeats_its_answer_and_punishes_late_reuse(
    site: Site, client: httpx.Client
) -> None:
    first = log_in(client, mode="token")
    body = {"refresh_token": first["refresh_token"]}
    second = client.post("/api/refresh", json=body).json()
    again = client.post("/api/refresh", json=body).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert again["refresh_token"] == second["refresh_token"]
    assert again["access_token"] == second["access_token"]
    assert client.get("/api/me", headers=bearer(second["access_token"])).status_code == 200
    site.let_the_grace_pass()
    late = client.post("/api/refresh", json=body)
    assert (late.status_code, late.json()["code"]) == (401, "refresh_refused")
    successor = client.post("/api/refresh", json={"refresh_token": second["refresh_token"]})
    assert successor.json()["code"] == "refresh_refused"
    assert client.get("/api/me", headers=bearer(second["access_token"])).status_code == 401


def test_renewal_form_the_expired_token_itself_gets_the_next_one(client: httpx.Client) -> None:
    first = log_in(client, mode="token", refresh="renewal", lifetime=SHORT)
    assert "refresh_token" not in first
    expire(first["access_token"])
    assert client.get("/api/me", headers=bearer(first["access_token"])).status_code == 401
    body = {"expired_token": first["access_token"]}
    second = client.post("/api/refresh", json=body)
    assert second.status_code == 200
    assert client.get("/api/me", headers=bearer(second.json()["access_token"])).status_code == 200
    assert client.post("/api/refresh", json=body).json()["access_token"] == second.json()["access_token"]
    header, payload, signature = first["access_token"].split(".")
    forged = f"{header}.{payload}.{signature[:-4]}AAAA"
    assert client.post("/api/refresh", json={"expired_token": forged}).json()["code"] == "refresh_refused"


def test_twenty_tabs_at_once_get_one_answer(client: httpx.Client) -> None:
    tokens = log_in(client, mode="token")

    def renew(_: int) -> tuple[int, str]:
        answer = client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
        return answer.status_code, answer.json().get("access_token", answer.text)

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(renew, range(20)))
    assert len(answers) == 1
    assert next(iter(answers))[0] == 200


def test_logging_out_ends_both_modes(client: httpx.Client) -> None:
    session = log_in(client)
    tokens = client.post("/api/tokens", json={}, headers=bearer(session["session_id"])).json()
    assert client.post("/api/logout", headers=bearer(tokens["access_token"])).status_code == 204
    assert not is_active(client, session["session_id"])
    renewed = client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 401


def test_an_administrator_kicks_a_user_out(client: httpx.Client) -> None:
    ann, root = log_in(client), log_in(client, "root@example.org")
    listed = client.get("/api/admin/sessions?limit=500", headers=bearer(root["session_id"])).json()[
        "sessions"
    ]
    assert ann["sid"] in {item["session"]["sid"] for item in listed}
    path = f"/api/admin/sessions/{ann['sid']}"
    assert client.delete(path, headers=bearer(ann["session_id"])).status_code == 403
    assert is_active(client, ann["session_id"])
    assert client.delete(path, headers=bearer(root["session_id"])).status_code == 204
    assert not is_active(client, ann["session_id"])


def test_the_command_kicks_a_user_out_of_a_running_auth(site: Site, client: httpx.Client) -> None:
    ann = log_in(client)
    tokens = log_in(client, mode="token")
    listed = json.loads(site.run("session", "list", "--email", "Ann@example.org", "--json"))
    assert {ann["sid"], tokens["sid"]} <= {row["sid"] for row in listed}
    for sid in (ann["sid"], tokens["sid"]):
        site.run("session", "kick", "--", sid)
    assert not is_active(client, ann["session_id"])
    assert client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_a_disabled_user_is_out_at_once(site: Site, client: httpx.Client) -> None:
    named = ["gone@example.org", "--first-name", "Al", "--last-name", "Gone"]
    site.run("user", "add", *named, "--password-stdin", stdin=PASSWORD)
    session = log_in(client, "gone@example.org")
    assert is_active(client, session["session_id"])
    site.run("user", "disable", "gone@example.org")
    assert not is_active(client, session["session_id"])
    body = {"email": "gone@example.org", "password": PASSWORD}
    assert client.post("/api/login", json=body).json()["code"] == "login_refused"


def test_a_new_role_is_seen_without_logging_in_again(site: Site, client: httpx.Client) -> None:
    site.run("role", "define", "nurse", "beds:read")
    named = ["nurse@example.org", "--first-name", "No", "--last-name", "Urs", "--role", "nurse"]
    site.run("user", "add", *named, "--password-stdin", stdin=PASSWORD)
    session = log_in(client, "nurse@example.org")
    tokens = client.post("/api/tokens", json={}, headers=bearer(session["session_id"])).json()
    site.run("role", "define", "nurse", "beds:read", "beds:write")
    check = client.post("/api/session/check", headers=bearer(session["session_id"])).json()
    assert check["permissions"] == ["beds:read", "beds:write"]
    renewed = client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
    assert jwt.peek(renewed["access_token"]).claims["permissions"] == ["beds:read", "beds:write"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_loses_no_session_and_no_refresh_record(site: Site, how: signal.Signals) -> None:
    with site.client() as client:
        session = log_in(client)
        standard = log_in(client, mode="token")
        renewal = log_in(client, mode="token", refresh="renewal", lifetime=RENEWABLE)
        used = log_in(client, mode="token")
        assert client.post("/api/refresh", json={"refresh_token": used["refresh_token"]}).status_code == 200
    site.let_the_grace_pass()
    code = site.stop(how)
    assert code == (0 if how is signal.SIGTERM else -signal.SIGKILL)
    site.start()
    with site.client() as client:
        assert is_active(client, session["session_id"])
        renewed = client.post("/api/refresh", json={"refresh_token": standard["refresh_token"]})
        assert renewed.status_code == 200
        again = client.post("/api/refresh", json={"expired_token": renewal["access_token"]})
        assert again.status_code == 200
        replayed = client.post("/api/refresh", json={"refresh_token": used["refresh_token"]})
        assert (replayed.status_code, replayed.json().get("code")) == (401, "refresh_refused")


def test_the_key_of_an_older_token_still_renews_after_a_rotation(site: Site, client: httpx.Client) -> None:
    first = log_in(client, mode="token", refresh="renewal", lifetime=RENEWABLE)
    rotated = json.loads(site.run("keys", "rotate", "--alg", "Ed25519", "--json"))
    assert (rotated["alg"], rotated["state"]) == ("Ed25519", "next")
    states = {row["state"] for row in json.loads(site.run("keys", "list", "--json"))}
    assert states == {"active", "next"}
    assert client.post("/api/refresh", json={"expired_token": first["access_token"]}).status_code == 200
