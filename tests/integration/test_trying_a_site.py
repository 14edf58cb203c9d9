"""A real Auth, as a team tries it: its API refuses every attack, and a token of it is explained."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.integration.conftest import PASSWORD, PATIENCE

from gatepass.jose import jwt

if TYPE_CHECKING:
    import httpx
    from tests.integration.conftest import Site

pytest_plugins = ["pytester"]


def log_in(client: httpx.Client) -> str:
    body = {"email": "ann@example.org", "password": PASSWORD, "mode": "token"}
    return str(client.post("/api/login", json=body).json()["access_token"])


def test_auth_itself_refuses_every_attack(
    site: Site, client: httpx.Client, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEPASS_TOKEN", log_in(client))
    url = f"{site.url}/api/me"
    result = pytester.runpytest_inprocess(
        "-p", "no:asyncio", "-rf", "--gatepass-attack", url, "--gatepass-issuer", site.url
    )
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["* attacks were refused, 0 tests failed."])


def test_a_token_is_explained_before_and_after_its_session_ends(site: Site, client: httpx.Client) -> None:
    token = log_in(client)
    command = ("token", "explain", "-", "--issuer", site.url, "--audience", "clinic", "--json")
    told = json.loads(site.run(*command, stdin=token))
    assert told["accepted"]
    assert {check["result"] for check in told["checks"]} == {"ok"}
    site.run("session", "kick", str(jwt.peek(token).claims["sid"]))
    done = subprocess.run(
        site.command(*command), input=token, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 1, done.stderr
    told = json.loads(done.stdout)
    assert told["reason"] == "revoked_sid"
    assert token not in done.stdout + done.stderr
