"""One fault under load, from before it begins until after it ends; a user is kicked out meanwhile."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
from tests.integration.conftest import PASSWORD, PATIENCE
from tests.integration.faults.load import HANGING, Load, ask
from tests.integration.faults.relay import Relay
from tests.integration.faults.service import Description

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import Site
    from tests.integration.faults.relay import Fault, JwksFault

STAYS, KICKED = "stays", "kicked"


@dataclass
class Seen:
    """What was seen of one fault; times in seconds."""

    fault: str
    load: Load
    max_staleness: float
    processes: int = 1
    """Of the Service, that answer."""
    kicked_at: float = 0
    mended_at: float = 0
    exit_code: int | None = None
    """Of the Service, before it was stopped: None is the good one."""
    met: set[str] = field(default_factory=set)

    @property
    def accepted_after_kick(self) -> float:
        """How long after the kick a request of the kicked-out user began that was still let in."""
        late = [one.began - self.kicked_at for one in self.load.of(KICKED, status=200)]
        return max([0.0, *late])

    @property
    def recovered_after(self) -> float:
        """How long after the end of the fault the one who stays was let in for good."""
        refused = [one.began - self.mended_at for one in self.load.of(STAYS) if one.status != 200]
        return max([0.0, *refused])

    @property
    def has_recovered(self) -> bool:
        """Whether every process of the Service lets in who stays, since the end of the fault."""
        good = self.load.of(STAYS, status=200)
        return len({one.process for one in good if one.began > self.mended_at}) == self.processes

    @property
    def longest(self) -> float:
        return max(one.seconds for one in self.load.seen)

    def count(self, status: int) -> int:
        return sum(one.status == status for one in self.load.seen)

    def judge(self) -> None:
        """Hold what was seen to what is promised."""
        assert self.exit_code is None, "the Service ended"
        assert self.count(0) == 0, "requests without an answer, or 503 without Retry-After"
        assert {one.status for one in self.load.of(STAYS)} <= {200, 503}
        assert {one.status for one in self.load.of(KICKED)} <= {200, 401, 503}
        assert self.accepted_after_kick <= self.max_staleness, "accepted past the contract"
        assert self.longest < HANGING / 2 + self.load.frozen, "a request that waited"
        assert self.has_recovered
        assert self.load.of(KICKED, status=401)


@contextmanager
def service(site: Site, relay: Relay, **named: float) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Start a Service that reaches Auth over the relay, and give its port."""
    # Listening from here on: a port that was only looked up may be somebody's before the Service has it.
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        port = int(listening.getsockname()[1])
        settings = {"issuer": site.url, "line": relay.url, "listening": listening.fileno(), **named}
        described = msgspec.json.encode(msgspec.convert(settings, Description)).decode()
        log_file: Path = site.folder / f"service-{port}.log"
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.integration.faults.service", described],
                stdout=log,
                stderr=log,
                pass_fds=[listening.fileno()],
            )
    try:
        yield port, process
    finally:
        process.terminate()
        process.wait(PATIENCE)
    assert "Traceback" not in log_file.read_text(), log_file.read_text()


def until(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def log_in(site: Site) -> tuple[str, str]:
    """Give a new session's id and an access token of it."""
    with site.client() as client:
        told = client.post(
            "/api/login", json={"email": "ann@example.org", "password": PASSWORD, "mode": "token"}
        ).json()
    return str(told["sid"]), str(told["access_token"])


def kick(site: Site, token: str) -> float:
    """End the session of a token, and say when that was done."""
    with site.client(authorization=f"Bearer {token}") as client:
        assert client.post("/api/logout").status_code < 300
    return time.time()


@contextmanager
def under_load(site: Site, fault: str, **named: float) -> Iterator[tuple[Seen, Relay, str]]:
    """Run a Service and a load until the block ends; gives the token of the one who is to be kicked out."""
    (_, stays), (_, kicked) = log_in(site), log_in(site)
    relay = Relay(to=site.port)
    try:
        with service(site, relay, **named) as (port, process):
            until(lambda: ask(port, STAYS, stays).status == 200)
            load = Load(port, {STAYS: stays, KICKED: kicked})
            seen = Seen(fault, load, named["max_staleness"], processes=int(named.get("children", 0)) or 1)
            try:
                until(lambda: seen.load.last(KICKED) == 200)
                yield seen, relay, kicked
                until(lambda: seen.has_recovered)
                until(lambda: seen.load.last(KICKED) == 401)
            finally:
                seen.exit_code = process.poll()
                seen.load.stop()
    finally:
        relay.stop()


def _go_on(seen: Seen, lasts: float) -> None:
    """Let a fault last so long; one that outlives the contract, until somebody was told that it does."""
    time.sleep(lasts)
    if lasts > seen.max_staleness:
        until(lambda: bool(seen.load.of(STAYS, status=503)))


def spoiled_line(site: Site, fault: Fault, *, name: str, lasts: float, **named: float) -> Seen:
    """Spoil the line, kick somebody out, and mend it again."""
    with under_load(site, name, **named) as (seen, relay, kicked):
        relay.suffer(fault)
        seen.kicked_at = kick(site, kicked)
        _go_on(seen, lasts)
        relay.suffer("none")
        seen.mended_at = time.time()
    return seen


def spoiled_keys(site: Site, faults: list[JwksFault], *, name: str, lasts: float, **named: float) -> Seen:
    """Spoil the key set in one way after the other, and kick somebody out meanwhile."""
    with under_load(site, name, **named) as (seen, relay, kicked):
        for fault in faults:
            relay.jwks = fault
            until(lambda fault=fault: fault in relay.met)  # type: ignore[misc]
            seen.kicked_at = seen.kicked_at or kick(site, kicked)
            time.sleep(lasts)
        until(lambda: seen.load.last(KICKED) == 401)  # the feed is heard meanwhile
        relay.jwks = "none"
        seen.mended_at = time.time()
        seen.met = relay.met
    return seen


def killed(site: Site, how: signal.Signals, *, name: str, lasts: float, **named: float) -> Seen:
    """Kick somebody out and kill Auth in the same moment; start it again later."""
    with under_load(site, name, **named) as (seen, _, kicked):
        seen.kicked_at = kick(site, kicked)
        site.stop(how)
        _go_on(seen, lasts)
        site.start()
        seen.mended_at = time.time()
    return seen
