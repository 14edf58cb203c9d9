"""The event log while Auth runs: followed by the command, and written to a file; each event once."""

from __future__ import annotations

import json
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.integration.conftest import PASSWORD, PATIENCE, Site
from tests.integration.faults.trial import until
from tests.ports import free_port, free_ports
from tests.unit.server.test_event_collector import Collector, collecting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = 30


@pytest.fixture(params=["sqlite", "postgres"])
def sites(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Site]]:
    """Give two running processes on one database, which write the events to one file; Root is there."""
    made = [Site(tmp_path, port) for port in free_ports(2)]
    for site in made:
        site.env = {"GATEPASS_SERVER__PORT": str(site.port), "GATEPASS_EVENTS__TO": "events.jsonl"}
        if request.param == "postgres":
            site.env["GATEPASS_DATABASE__URL"] = request.getfixturevalue("postgres_url")
    made[0].run("init", str(tmp_path), "--audience", "clinic", "--port", str(made[0].port))
    named = ["root@example.org", "--first-name", "Root", "--last-name", "Lee"]
    made[0].run("user", "add", "--password-stdin", *named, stdin=PASSWORD)
    try:
        for site in made:
            site.start()
        yield made
    finally:
        for site in made:
            if site.process is not None:
                site.stop()


def follow(site: Site) -> subprocess.Popen[str]:
    """Follow from what is there already, so that the first line says that it does."""
    return subprocess.Popen(
        site.command("events", "--follow", "--since", "1h", "--json"),
        env=site.variables(),
        stdout=subprocess.PIPE,
        text=True,
    )


def log_in(site: Site) -> str:
    body = {"email": "root@example.org", "password": PASSWORD}
    return str(httpx.post(f"{site.url}/api/login", json=body, timeout=PATIENCE).json()["sid"])


def of_sessions(lines: list[dict[str, Any]]) -> list[str]:
    return [line["sid"] for line in lines if line["kind"] == "logged_in"]


def test_who_follows_misses_nothing_and_sees_nothing_twice(sites: list[Site], tmp_path: Path) -> None:
    follower = follow(sites[0])
    assert follower.stdout is not None
    lines = [json.loads(follower.stdout.readline())]
    with ThreadPoolExecutor(4) as pool:
        sids = set(pool.map(log_in, sites * (EVENTS // 2)))
    sites[0].run("role", "define", "doctor", "appointments:read")
    while lines[-1]["kind"] != "role_defined":
        lines.append(json.loads(follower.stdout.readline()))
    follower.send_signal(signal.SIGINT)
    assert follower.wait(PATIENCE) == 0
    assert follower.stdout.read() == ""
    follower.stdout.close()
    assert len(of_sessions(lines)) == EVENTS
    assert set(of_sessions(lines)) == sids
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))

    for site in sites:
        site.stop()  # and whoever's turn it was writes what is left
    written = [json.loads(line) for line in (tmp_path / "events.jsonl").read_bytes().splitlines()]
    assert written == lines

    listed = sites[0].run("events", "--kind", "logged_in", "--json").splitlines()
    assert of_sessions([json.loads(line) for line in listed]) == of_sessions(lines)
    assert sites[0].run("events", "--user", "root@example.org").count("logged_in") == EVENTS
    assert sites[0].run("events", "--user", "nobody") == ""


def test_a_collector_is_sent_every_event_with_the_token_of_its_file(tmp_path: Path) -> None:
    site = Site(tmp_path, free_port())
    site.run("init", str(tmp_path), "--audience", "clinic", "--port", str(site.port))
    token = tmp_path / "events.token"
    token.write_text("token-of-the-collector\n")
    token.chmod(0o600)
    with collecting() as collector:
        site.env = {"GATEPASS_EVENTS__TO": collector.url, "GATEPASS_EVENTS__TOKEN_FILE": "events.token"}
        site.run("role", "define", "doctor", "appointments:read")
        site.start()
        site.run("role", "define", "nurse", "appointments:read")
        until(lambda: {"doctor", "nurse"} <= roles(collector))
        site.stop()
    told = [json.loads(line) for line in site.run("events", "--json").splitlines()]
    # Each once, but for what a slow machine took for lost.
    assert list(dict.fromkeys(line["seq"] for line in kept(collector))) == [line["seq"] for line in told]
    assert {headers["authorization"] for _, headers, _ in collector.sent} == {"Bearer token-of-the-collector"}
    assert "token-of" not in (tmp_path / "auth.log").read_text()


def kept(collector: Collector) -> list[dict[str, Any]]:
    return [json.loads(line) for _, _, body in collector.sent for line in body.splitlines()]


def roles(collector: Collector) -> set[str]:
    return {line["reason"] for line in kept(collector) if line["kind"] == "role_defined"}
