"""Two processes of Auth on one PostgreSQL: what one writes the other knows, and both outlive the server."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from tests.integration.conftest import PASSWORD, PATIENCE, Site
from tests.integration.faults.trial import until
from tests.integration.test_revocation_feed import pages
from tests.ports import free_port, free_ports

from gatepass.oauth import mark_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.cluster.database import Database


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, mortal_server: Database) -> Iterator[list[Site]]:
    """Give two running processes with one settings file; Root is an administrator."""
    mortal_server.execute("CREATE DATABASE two_sites")
    folder, ports = tmp_path_factory.mktemp("auth"), free_ports(2)
    made = [Site(folder, port) for port in ports]
    for site in made:
        site.env = {
            "GATEPASS_DATABASE__URL": mortal_server.url("two_sites"),
            "GATEPASS_SERVER__PORT": str(site.port),
        }
    made[0].run("init", str(folder), "--audience", "clinic", "--port", str(ports[0]))
    named = ["root@example.org", "--first-name", "Root", "--last-name", "Lee"]
    made[0].run("user", "add", "--password-stdin", *named, "--permission", "gatepass:admin", stdin=PASSWORD)
    try:
        for site in made:
            site.start()
        yield made
    finally:
        for site in made:
            if site.process is not None:
                site.stop()


def log_in(site: Site, mode: str) -> dict[str, Any]:
    body = {"email": "root@example.org", "password": PASSWORD, "mode": mode}
    answer = httpx.post(f"{site.url}/api/login", json=body, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def who(site: Site, session_id: str) -> int:
    headers = {"authorization": f"Bearer {session_id}"}
    return httpx.get(f"{site.url}/api/me", headers=headers, timeout=PATIENCE).status_code


def refresh(site: Site, token: str) -> httpx.Response:
    return httpx.post(f"{site.url}/api/refresh", json={"refresh_token": token}, timeout=PATIENCE)


def test_a_session_of_one_is_good_at_the_other_until_either_ends_it(sites: list[Site]) -> None:
    here, there = sites
    session_id = log_in(here, "session")["session_id"]
    assert (who(here, session_id), who(there, session_id)) == (200, 200)
    answer = httpx.post(
        f"{there.url}/api/logout", headers={"authorization": f"Bearer {session_id}"}, timeout=PATIENCE
    )
    assert answer.is_success
    assert (who(here, session_id), who(there, session_id)) == (401, 401)


def test_a_refresh_token_gets_the_same_answer_from_both_within_the_grace(sites: list[Site]) -> None:
    token = log_in(sites[0], "token")["refresh_token"]
    answers = [refresh(site, token).json() for site in (*sites, *sites)]
    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert len({answer["access_token"] for answer in answers}) == 1


def test_what_one_process_ends_reaches_a_stream_of_the_other(sites: list[Site]) -> None:
    here, there = sites
    sid = log_in(here, "session")["sid"]
    with there.client() as client, client.stream("GET", "/revocations/stream") as events:
        read = pages(here, events)  # the issuer of both
        assert mark_of(sid) not in {one.mark for one in next(read).selectors}
        here.run("session", "kick", sid)
        found = next(page for page in read if page.selectors)
    assert [one.mark for one in found.selectors] == [mark_of(sid)]


def test_a_server_that_crashes_is_a_503_and_then_all_goes_on(
    sites: list[Site], mortal_server: Database
) -> None:
    session_id = log_in(sites[0], "session")["session_id"]
    token = log_in(sites[0], "token")["refresh_token"]
    mortal_server.stop(signal.SIGQUIT)
    with ThreadPoolExecutor(4) as at_once:  # each waits a moment, in case the server comes back
        statuses = [at_once.submit(who, site, session_id) for site in sites]
        answers = [at_once.submit(refresh, site, token) for site in sites]
    assert [status.result() for status in statuses] == [503, 503]
    assert [answer.result().status_code for answer in answers] == [503, 503]
    mortal_server.start()
    for site in sites:  # nobody has to restart anything
        until(lambda site=site: who(site, session_id) == 200)  # type: ignore[misc]
    assert [refresh(site, token).status_code for site in sites] == [200, 200]


def test_the_database_s_password_is_in_no_message(sites: list[Site], mortal_server: Database) -> None:
    site = Site(sites[0].folder, free_port())
    for url in (
        f"postgresql://tester:hunter2@/nowhere?host={mortal_server.folder}",
        f"postgresql://tester:hunter2@/nowhere?host={mortal_server.folder}&no=such",
        "postgresql://tester:hunter2@127.0.0.1:1/nowhere",
    ):
        site.env = {"GATEPASS_DATABASE__URL": url}
        said = site.run("user", "list", code=1)
        assert "PostgreSQL" in said or "can't be read" in said
        assert "hunter2" not in said
