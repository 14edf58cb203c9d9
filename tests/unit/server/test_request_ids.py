"""Each request has an id: in its answer, in its problem, in its lines of the log; nobody forges one."""

from __future__ import annotations

import io
import json
import logging
import re
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from gatepass.server.logs import JsonLines, TextLines
from gatepass.server.request_id import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.server_world import MakeWorld, World

PROXY = "10.0.0.1"
GIVEN = "abcdEFGH-0123_45"


def asking(world: World, peer: str = PROXY) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.app, client=(peer, 1), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=world.config.issuer)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Collect the log as it would be written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("gatepass")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


async def test_answer_problem_and_log_name_the_request_alike(world: World, log: io.StringIO) -> None:
    secrets = {"email": "ann@example.org", "password": "wrong-and-secret"}
    async with asking(world) as client:
        answer = await client.post("/api/login?token=gps_query", json=secrets)
        other = await client.get("/healthz")
    ident = answer.headers["x-request-id"]
    assert re.fullmatch("[0-9a-f]{16}", ident)
    assert answer.json()["request_id"] == ident
    assert other.headers["x-request-id"] != ident
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["request_id"] for line in lines] == [ident]
    assert "secret" not in log.getvalue()
    assert "gps_query" not in log.getvalue()


SENT = {
    "from a trusted proxy": (PROXY, [GIVEN], True),
    "from a stranger": ("192.0.2.7", [GIVEN], False),
    "twice": (PROXY, [GIVEN, GIVEN], False),
    "too short": (PROXY, ["abc"], False),
    "too long": (PROXY, ["a" * 65], False),
    "with a space": (PROXY, ["abcdefgh forged"], False),
    "with a quote": (PROXY, ['abcdefgh"'], False),
}


@pytest.mark.parametrize(("peer", "given", "taken"), SENT.values(), ids=SENT)
async def test_an_id_is_taken_from_a_trusted_proxy_alone(
    make_world: MakeWorld, peer: str, given: list[str], taken: bool
) -> None:
    world = make_world(trusted_proxies=("10.0.0.0/8",))
    async with asking(world, peer) as client:
        answer = await client.get("/healthz", headers=[("x-request-id", one) for one in given])
    assert (answer.headers["x-request-id"] == GIVEN) is taken


async def test_without_a_trusted_proxy_nobody_names_a_request(world: World) -> None:
    async with asking(world) as client:
        answer = await client.get("/healthz", headers={"x-request-id": GIVEN})
    assert answer.headers["x-request-id"] != GIVEN


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()], ids=["text", "json"])
def test_no_text_can_forge_a_line(formatter: logging.Formatter) -> None:
    said = "a\nINFO gatepass: forged\r\x1b[2J\x85\u2028b"
    record = logging.LogRecord("gatepass", logging.INFO, "", 0, "%s", (said,), None)
    line = formatter.format(record)
    assert not set(line) & set("\n\r\x1b\x85\u2028")
    assert "forged" in line


@pytest.mark.parametrize("formatter", [TextLines(), JsonLines()], ids=["text", "json"])
def test_a_line_says_when_in_utc_wherever_the_machine_stands(
    formatter: logging.Formatter, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = logging.LogRecord("gatepass", logging.INFO, "", 0, "said", (), None)
    record.created = 1_800_000_000.25
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert "2027-01-15T08:00:00.250Z" in formatter.format(record)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_traceback_is_indented_and_the_request_named() -> None:
    token = REQUEST_ID.set(GIVEN)
    try:
        raise ValueError("x\nforged")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
        record = logging.LogRecord("gatepass", logging.ERROR, "", 0, "failed", (), info)
        first, *rest = TextLines().format(record).split("\n")
        assert f"ERROR gatepass: [{GIVEN}] failed" in first
        assert rest
        assert all(line.startswith("    ") for line in rest)
        assert "ValueError" in json.loads(JsonLines().format(record))["exception"]
    finally:
        REQUEST_ID.reset(token)
