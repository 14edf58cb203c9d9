"""The revocation feed of a real Auth: what the command ends reaches a stream; no stream holds up the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import httpx
from tests.integration.conftest import PASSWORD, PATIENCE

from gatepass.jose import KeySet, jwt
from gatepass.oauth import Page, ServerMetadata, mark_of, metadata_url, revocations_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.conftest import Site


def log_in(client: httpx.Client) -> str:
    answer = client.post("/api/login", json={"email": "ann@example.org", "password": PASSWORD})
    return str(answer.json()["sid"])


def pages(site: Site, events: httpx.Response) -> Iterator[Page]:
    """Read what the issuer says of itself, and every event as a Service does."""
    metadata = httpx.get(metadata_url(site.url), timeout=PATIENCE).content
    uri = ServerMetadata.from_json(metadata, issuer=site.url).jwks_uri
    assert uri is not None
    keys = KeySet.from_jwks(httpx.get(uri, timeout=PATIENCE).content)
    policy = revocations_policy(issuer=site.url, algorithms=frozenset({"ES256"}))
    for line in events.iter_lines():
        if line.startswith("data: "):
            text = line.removeprefix("data: ")
            now = jwt.peek(text).claims["true_at"] / 1000
            yield Page.from_claims(jwt.verify(text, keys, policy, now=now).claims)


def test_what_the_command_kicks_out_reaches_a_stream(site: Site, client: httpx.Client) -> None:
    sid = log_in(client)
    with client.stream("GET", "/revocations/stream") as events:
        read = pages(site, events)
        assert mark_of(sid) not in {one.mark for one in next(read).selectors}
        site.run("session", "kick", sid)
        found = next(page for page in read if page.selectors)
    assert [one.mark for one in found.selectors] == [mark_of(sid)]


def test_a_process_with_streams_open_stops_and_lets_them_end(site: Site) -> None:
    with site.client() as client, client.stream("GET", "/revocations/stream") as events:
        lines = events.iter_lines()
        assert next(lines).startswith("id: ")
        stopping: list[int] = []
        stop = threading.Thread(target=lambda: stopping.append(site.stop()))
        stop.start()
        for _ in lines:  # to its end: not cut off, or this would raise
            pass
        stop.join()
    assert stopping == [0]
    site.start()
