"""Several processes of Auth on one PostgreSQL behind nginx: whichever answers, it is the same Auth."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from examples.cluster.programs import NotHere, nginx, postgres
from tests.integration.conftest import PASSWORD, PATIENCE
from tests.integration.faults import auth_faults
from tests.integration.faults.auth_trial import under_load
from tests.integration.faults.ledger import BYSTANDER, emails
from tests.integration.faults.service import Description, verifier
from tests.integration.faults.trial import until

from gatepass.jose import KeySet, jwt
from gatepass.oauth import Cursor, Page, mark_of, revocations_policy
from gatepass.verifier import TokenStale, Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from examples.cluster.cluster import Cluster

    from gatepass.verifier import Verifier

USER = emails()[0]
ATTEMPTS = 12
SIGNS_FROM = "UPDATE gatepass.signing_keys SET activates_at = {at} WHERE state = 'next'"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Give a cluster of two processes."""
    try:
        nginx(), postgres()
    except NotHere as missing:
        pytest.skip(str(missing))
    limit = {"GATEPASS_LOGIN__ATTEMPTS_PER_ACCOUNT": str(ATTEMPTS)}
    with auth_faults.running_cluster(**limit) as made:
        yield made


@pytest.fixture
def processes(cluster: Cluster) -> list[str]:
    """Give the addresses of the processes, past nginx."""
    return [auth.url for auth in cluster.auths]


def get(url: str) -> httpx.Response:
    return httpx.get(url, timeout=PATIENCE)


def log_in(url: str, **more: Any) -> dict[str, Any]:
    body = {"email": USER, "password": PASSWORD, "mode": "token", **more}
    answer = httpx.post(f"{url}/api/login", json=body, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def log_out(url: str, access_token: str) -> None:
    headers = {"authorization": f"Bearer {access_token}"}
    assert httpx.post(f"{url}/api/logout", headers=headers, timeout=PATIENCE).is_success


def refresh(url: str, token: str) -> httpx.Response:
    return httpx.post(f"{url}/api/refresh", json={"refresh_token": token}, timeout=PATIENCE)


def test_one_token_presented_to_all_at_once_gets_one_answer(cluster: Cluster, processes: list[str]) -> None:
    token = log_in(processes[0])["refresh_token"]
    asked = [*processes, cluster.url] * 4
    with ThreadPoolExecutor(len(asked)) as at_once:
        answers = [answer.json() for answer in at_once.map(lambda url: refresh(url, token), asked)]
    assert len({answer["refresh_token"] for answer in answers}) == 1
    assert len({answer["access_token"] for answer in answers}) == 1
    assert refresh(processes[1], answers[0]["refresh_token"]).status_code == 200


def test_nginx_spreads_requests_and_gives_each_an_id_that_auth_uses(cluster: Cluster) -> None:
    ids = [get(f"{cluster.url}/readyz").headers["x-request-id"] for _ in range(4)]
    log = cluster.folder / "logs" / "access.log"

    def written() -> list[str]:
        return [line for line in log.read_text().splitlines() if any(f"id={one}" in line for one in ids)]

    until(lambda: len(written()) == len(ids))  # nginx answers first
    lines = written()
    assert {line.partition("auth=")[2].split()[0] for line in lines} == {
        auth.url.removeprefix("http://") for auth in cluster.auths
    }


def test_an_address_is_what_nginx_saw_and_not_what_the_client_says(cluster: Cluster) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.9"), timeout=PATIENCE) as client:
        body = {"email": "nobody@example.org", "password": "wrong and long enough"}
        headers = {"x-forwarded-for": "203.0.113.7", "x-real-ip": "203.0.113.7"}
        assert client.post(f"{cluster.url}/api/login", json=body, headers=headers).status_code == 401
    told = cluster.gatepass("events", "--json")
    assert "127.0.0.9" in told
    assert "203.0.113.7" not in told


def test_attempts_at_one_process_count_at_the_other(processes: list[str]) -> None:
    body = {"email": "stranger@example.org", "password": "wrong and long enough"}
    statuses = [
        httpx.post(f"{processes[number % 2]}/api/login", json=body, timeout=PATIENCE).status_code
        for number in range(ATTEMPTS + 3)
    ]
    assert statuses.count(401) in {ATTEMPTS, ATTEMPTS + 1}  # one more where the machine is very slow
    assert statuses[-2:] == [429, 429]


async def test_a_kick_at_one_process_reaches_a_service_that_follows_the_other(
    cluster: Cluster, processes: list[str]
) -> None:
    told = await asyncio.to_thread(log_in, processes[0])
    checks = verifier(
        Description(issuer=cluster.url, line=processes[1], listening=-1, max_staleness=60, audience="cluster")
    )
    try:
        await checks.ready(PATIENCE)
        assert (await checks.check(told["access_token"])).session == told["sid"]
        await asyncio.to_thread(log_out, processes[0], told["access_token"])
        async with asyncio.timeout(PATIENCE):
            await refused(checks, told["access_token"])
    finally:
        await checks.close()


async def refused(checks: Verifier, token: str) -> None:
    """Knock until nobody is let in."""
    try:
        while True:
            await checks.check(token)
            await asyncio.sleep(0.02)
    except Unauthenticated:
        return


def test_a_follower_that_goes_from_process_to_process_misses_nothing(
    cluster: Cluster, processes: list[str]
) -> None:
    """Kicks come through all processes meanwhile; each page begins where the one before it ended."""
    tokens = [log_in(processes[number % 2], email=emails()[number % 8]) for number in range(20)]
    keys = KeySet.from_jwks(get(f"{cluster.url}/.well-known/jwks.json").content)
    start = page_of(cluster, keys, get(f"{processes[0]}/revocations").text)
    with ThreadPoolExecutor(4) as at_once:
        kicks = at_once.map(lambda told: log_out(cluster.url, told["access_token"]), tokens)
        seen, place = set[int](), start.cursor
        missing = {mark_of(told["sid"]) for told in tokens}
        end = time.monotonic() + 2 * PATIENCE
        for turn in itertools.count():
            assert time.monotonic() < end
            page = next_page(cluster, keys, processes[turn % 2], str(place))
            assert page.after == place.seq
            marks = {one.mark for one in page.selectors}
            assert len(marks) == page.seq - place.seq
            assert not marks & seen
            seen |= marks
            place = page.cursor
            if missing <= seen:
                break
        list(kicks)


def page_of(cluster: Cluster, keys: KeySet, text: str) -> Page:
    policy = revocations_policy(issuer=cluster.url, algorithms=frozenset({"ES256"}))
    return Page.from_claims(jwt.verify(text, keys, policy, now=time.time()).claims)


def next_page(cluster: Cluster, keys: KeySet, url: str, place: str) -> Page:
    """Open a stream behind a place, read one page, and hang up."""
    headers = {"last-event-id": place}
    with httpx.stream("GET", f"{url}/revocations/stream", headers=headers, timeout=PATIENCE) as events:
        data = next(line for line in events.iter_lines() if line.startswith("data: "))
    return page_of(cluster, keys, data.removeprefix("data: "))


def end_of_feed(cluster: Cluster, keys: KeySet, processes: list[str]) -> Cursor:
    """Wait until every process has heard of all that was ended so far; gives the place."""
    places: list[Cursor] = []

    def are_there() -> bool:
        ((head,),) = cluster.database.execute("SELECT head FROM gatepass.feed", "gatepass")
        places[:] = [page_of(cluster, keys, get(f"{url}/revocations").text).cursor for url in processes]
        return {place.seq for place in places} == {head}

    until(are_there)
    return places[0]


def test_events_and_polls_come_through_nginx_at_once(cluster: Cluster, processes: list[str]) -> None:
    keys = KeySet.from_jwks(get(f"{cluster.url}/.well-known/jwks.json").content)
    told = log_in(cluster.url)
    place = end_of_feed(cluster, keys, processes)
    asked = {"after": str(place), "wait": "25"}
    with ExitStack() as stack:
        at_once = stack.enter_context(ThreadPoolExecutor(1))
        events = stack.enter_context(
            httpx.stream(
                "GET", f"{cluster.url}/revocations/stream", timeout=PATIENCE, params={"after": str(place)}
            )
        )
        lines = (line.removeprefix("data: ") for line in events.iter_lines() if line.startswith("data: "))
        assert page_of(cluster, keys, next(lines)).selectors == ()
        poll = at_once.submit(httpx.get, f"{cluster.url}/revocations", params=asked, timeout=PATIENCE)
        log_out(cluster.url, told["access_token"])
        streamed = next(page for page in (page_of(cluster, keys, text) for text in lines) if page.selectors)
        polled = page_of(cluster, keys, poll.result().text)
    assert streamed.selectors == polled.selectors
    assert [one.mark for one in polled.selectors] == [mark_of(told["sid"])]


def test_keys_rotate_under_load_and_no_token_is_ever_refused(cluster: Cluster, processes: list[str]) -> None:
    """All publish the new key before one signs with it, and a Service takes what any of them signs."""
    before = log_in(processes[0], email=BYSTANDER)
    checks = verifier(
        Description(issuer=cluster.url, line=processes[1], listening=-1, max_staleness=60, audience="cluster")
    )
    asyncio.run(checks.ready(PATIENCE))
    after = json.loads(cluster.gatepass("keys", "rotate", "--json"))["kid"]
    until(lambda: all(after in published(url) for url in processes))
    until(lambda: after in known(checks))
    assert signed_by(log_in(cluster.url)) == signed_by(before)
    # Now that everybody has it, as in earnest, and not in an hour; each process hears of that by itself.
    cluster.database.execute(SIGNS_FROM.format(at=time.time()), "gatepass")
    passes = auth_faults.grace_passes(cluster.database)
    with under_load([cluster.url], "another key signs", let_the_grace_pass=passes) as seen:
        until(lambda: all_sign_with(after, processes, checks), 2 * PATIENCE)
        assert checks.check_waiting(before["access_token"]).session == before["sid"]
        renewed = refresh(processes[1], before["refresh_token"]).json()
        assert signed_by(renewed) == after
    seen.judge()
    assert seen.ledger.statuses().keys() <= {200, 204}, seen.ledger.statuses()
    assert all(signed_by(before) in published(url) for url in processes)
    asyncio.run(checks.close())


def all_sign_with(kid: str, processes: list[str], checks: Verifier) -> bool:
    """Take a new token of each process to the Service, and see who signed it."""
    fresh = [log_in(url) for url in processes]
    try:
        assert [checks.check_waiting(told["access_token"]).session for told in fresh] == [
            told["sid"] for told in fresh
        ]
    except TokenStale:
        # The load ended so many sessions of this user that they became one entry below an epoch: whoever has
        # an older token renews it.
        return False
    time.sleep(0.2)  # the load is to be the clients', not ours
    return {signed_by(told) for told in fresh} == {kid}


def test_a_key_that_one_takes_back_is_used_by_none(cluster: Cluster, processes: list[str]) -> None:
    before = signed_by(log_in(processes[0]))
    cluster.gatepass("keys", "retire", "--emergency", "--yes", "--", before)
    until(lambda: all(before not in published(url) for url in processes))
    after = {signed_by(log_in(url)) for url in processes}
    assert len(after) == 1
    assert before not in after


def known(checks: Verifier) -> set[str | None]:
    view = checks.watch.keys.view
    assert view is not None
    return {key.kid for key in view.keys}


def signed_by(told: dict[str, Any]) -> str:
    return str(jwt.peek(told["access_token"]).header["kid"])


def published(url: str) -> str:
    return get(f"{url}/.well-known/jwks.json").text


def test_nobody_notices_that_a_process_stops_or_that_all_are_restarted(cluster: Cluster) -> None:
    for seen in (auth_faults.auth_stopped(cluster, lasts=0), auth_faults.rolling_restart(cluster)):
        seen.judge()
        assert seen.ledger.statuses().keys() <= {200, 204}, seen.ledger.statuses()


def test_a_process_that_is_killed_takes_nothing_with_it(cluster: Cluster) -> None:
    seen = auth_faults.auth_killed(cluster, lasts=0)
    seen.judge()
    # What it was about to answer just then nginx asks again, but for an answer that had begun, and for kicks,
    # which may have taken effect: who asks again is then told that the pass does not hold.
    assert {one.what for one in seen.ledger.tries if one.status in {401, 502}} <= {"kick"}
    assert seen.ledger.statuses().keys() <= {0, 200, 204, 401, 502}, seen.ledger.statuses()


def test_a_database_that_is_killed_is_a_503_and_then_all_goes_on(cluster: Cluster) -> None:
    seen = auth_faults.database_killed(cluster, lasts=1)
    seen.judge()
    assert seen.ledger.statuses().keys() <= {200, 204, 401, 503}, seen.ledger.statuses()
    assert {one.what for one in seen.ledger.tries if one.status == 401} <= {"kick"}
