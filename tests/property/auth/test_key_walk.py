"""Walk the signing keys at random, in several processes, through what operators and clocks do.

The three invariants of the keyring hold throughout. A key that was retired in an emergency gives two of them
up, and is left out from then on (docs/adr/0015). Time is what passed and what was skipped: what a clock that
was set back lives through again makes no token younger.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.postgres_server import EMPTY
from tests.unit.auth.house import NOW, make_auth

from gatepass.auth import CurrentKeyring, KeyState, Terms, usecases
from gatepass.server.routes.well_known import JWKS_MAX_AGE
from gatepass.storage import MemoryStore, SqliteStore
from gatepass.storage.postgres import PostgresStore
from gatepass.wiring import HOUSEKEEPING_EVERY

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    import psycopg

    from gatepass.auth import Auth, KeyRecord, Store

HOUR, DAY = 3_600, 86_400
ALGORITHMS = st.sampled_from(["ES256", "Ed25519"])
# The smallest and the largest that the settings allow, and one between.
AHEADS = st.sampled_from([600, HOUR])
SIGNING = {KeyState.NEXT, KeyState.ACTIVE}
STATES = st.sampled_from([KeyState.NEXT, KeyState.ACTIVE, KeyState.RETIRING, KeyState.RETIRED])
LIFETIMES = st.sampled_from([1, 600, 3_600])


@dataclass
class Process:
    """One Auth process, with the ring that it loaded last."""

    auth: Auth
    loaded_at: float
    skew: float
    """Seconds that its clock is ahead."""


@dataclass(frozen=True)
class Token:
    """An access token: who signed it, and when it is dead for every Service."""

    kid: str
    dead_at: float


class KeyWalk(RuleBasedStateMachine):
    """Two processes and a command line on one store."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.store = self.await_(self.open())
        self.time = 0.0
        """What passed and what was skipped, in seconds."""
        self.clock = NOW
        self.processes: list[Process] = []
        self.caches: list[tuple[float, frozenset[str]]] = []
        """Key sets that somebody fetched, and when: fresh for as long as the answer said."""
        self.given_up: set[str] = set()
        self.unannounced: set[str] = set()
        self.tokens: list[Token] = []

    async def open(self) -> Store:
        """An empty store."""
        return MemoryStore()

    def teardown(self) -> None:
        self.await_(self.store.close())
        self.loop.close()

    def await_(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    # What processes do

    @initialize(skew=st.integers(0, 3), ahead=AHEADS, lifetime=LIFETIMES)
    def start(self, skew: int, ahead: int, lifetime: int) -> None:
        auth = make_auth(
            self.store, key_publish_ahead=ahead, access_token_lifetime=lifetime, key_lifetime=2 * DAY
        )
        self.processes = [
            Process(replace(auth, keyring=CurrentKeyring()), self.time, off) for off in (0, float(skew))
        ]
        self.load(*self.processes)
        self.unannounced |= {record.kid for record in self.records}  # the first: nobody has a key set yet

    def load(self, *processes: Process) -> None:
        """One round of housekeeping."""
        for process in processes:
            self.await_(usecases.keep_keys(process.auth, now=self.clock + process.skew))
            process.loaded_at = self.time

    @rule(seconds=st.sampled_from([1, 5, 14, 15]))
    def a_moment_passes(self, seconds: int) -> None:
        """Each process loads when its time has come, and signs with what it knows until then."""
        self.clock += seconds
        self.time += seconds
        self.caches = [cache for cache in self.caches if self.time - cache[0] < JWKS_MAX_AGE]
        for process in self.processes:
            kids = frozenset(key.kid or "" for key in process.auth.keyring.ring.published)
            self.caches.append((self.time, kids))
        late = [one for one in self.processes if self.time - one.loaded_at >= HOUSEKEEPING_EVERY]
        self.sign_everywhere()
        self.load(*late)

    @rule(seconds=st.sampled_from([599, 600, HOUR, 2 * HOUR, DAY, 3 * DAY]))
    def time_passes(self, seconds: int) -> None:
        """The processes are down meanwhile, or the clock is put forward: to them it is the same."""
        self.sign_everywhere()
        self.clock += seconds
        self.time += seconds
        self.load(*self.processes)

    @rule(seconds=st.sampled_from([1, 60, HOUR, DAY]))
    def the_clock_is_put_back(self, seconds: int) -> None:
        self.clock -= seconds

    @rule()
    def sign_everywhere(self) -> None:
        for process in self.processes:
            self.sign(process)

    def sign(self, process: Process) -> None:
        kid = process.auth.keyring.ring.signing_key(self.clock + process.skew).kid or ""
        if kid in self.given_up:
            return  # not heard of it yet; nobody accepts what it signs
        if kid not in self.unannounced:
            fresh = [kids for at, kids in self.caches if self.time - at < JWKS_MAX_AGE]
            assert all(kid in kids for kids in fresh), "signs before every Service can know it"
        lifetime = process.auth.terms.access_token_lifetime
        self.tokens.append(Token(kid, self.time + process.skew + lifetime))

    # What operators do

    @rule(alg=ALGORITHMS)
    def rotate(self, alg: str) -> None:
        self.await_(usecases.rotate_keys(self.command_line, alg=alg, now=self.clock))

    @rule(state=STATES)
    def retire(self, state: KeyState) -> None:
        kid = self.one_that_is(state)
        if kid is None:
            return
        self.await_(usecases.retire_key(self.command_line, kid=kid, now=self.clock))

    @precondition(lambda self: len(self.given_up) < 3)
    @rule(state=STATES)
    def retire_in_an_emergency(self, state: KeyState) -> None:
        kid = self.one_that_is(state)
        if kid is None:
            return
        before = {record.kid: record.state for record in self.records}
        signs = self.await_(usecases.revoke_key(self.command_line, kid=kid, now=self.clock))
        self.given_up.add(kid)
        if before.get(signs.kid) is not KeyState.ACTIVE:
            self.unannounced.add(signs.kid)
        self.tokens = [token for token in self.tokens if token.kid != kid]
        self.load(*self.processes)  # the entry in the feed wakes them

    @rule(which=st.integers(0, 1), alg=ALGORITHMS, ahead=AHEADS, lifetime=LIFETIMES)
    def restart_with_other_settings(self, which: int, alg: str, ahead: int, lifetime: int) -> None:
        """One process alone: the other one goes on with the old settings."""
        process = self.processes[which]
        terms = replace(
            process.auth.terms,
            signing_algorithm=alg,
            key_publish_ahead=ahead,
            access_token_lifetime=lifetime,
        )
        self.processes[which] = process = replace_terms(process, terms)
        self.await_(usecases.change_algorithm(process.auth, now=self.clock + process.skew))
        self.load(process)
        assert alg in {record.alg for record in self.records if record.state in SIGNING}

    # What must hold

    @invariant()
    def a_key_stays_published_until_its_last_token_is_dead(self) -> None:
        self.tokens = [token for token in self.tokens if token.dead_at > self.time]
        alive = {token.kid for token in self.tokens}
        for record in self.records:
            if record.kid in alive:
                assert record.state in {KeyState.NEXT, KeyState.ACTIVE, KeyState.RETIRING}
        assert alive <= {record.kid for record in self.records}

    @invariant()
    def one_key_signs_at_most_and_one_waits_at_most(self) -> None:
        states = [record.state for record in self.records]
        assert states.count(KeyState.ACTIVE) <= 1
        assert states.count(KeyState.NEXT) <= 1

    def one_that_is(self, state: KeyState) -> str | None:
        return next((record.kid for record in self.records if record.state is state), None)

    @property
    def command_line(self) -> Auth:
        """A process of its own, that knows nothing yet."""
        return replace(self.processes[0].auth, keyring=CurrentKeyring())

    @property
    def records(self) -> list[KeyRecord]:
        found: list[KeyRecord] = self.await_(self.store.signing_keys())
        return found


def replace_terms(process: Process, terms: Terms) -> Process:
    """The process as it comes up again."""
    return replace(process, auth=replace(process.auth, terms=terms, keyring=CurrentKeyring()))


def stroll(walk: type[KeyWalk], *, seeds: int, steps: int) -> None:
    """Walk far, along what leads to successions: more than Hypothesis would try in the same time."""
    for seed in range(seeds):
        chance = random.Random(seed)  # noqa: S311 (a walk that can be walked again)
        walker = walk()
        pick = chance.choice
        walker.start(pick([0, 3]), 600, pick([1, 3_600]))
        moves: list[Callable[[], None]] = [
            lambda: walker.a_moment_passes(pick([1, 5, 14, 15])),  # noqa: B023
            lambda: walker.time_passes(pick([590, 600, 1_200])),  # noqa: B023
            lambda: walker.rotate(pick(["ES256", "Ed25519"])),  # noqa: B023
            lambda: walker.restart_with_other_settings(pick([0, 1]), "ES256", 600, pick([1, 3_600])),  # noqa: B023
        ]
        for _ in range(steps):
            chance.choices(moves, [5, 3, 2, 1])[0]()
            walker.a_key_stays_published_until_its_last_token_is_dead()
            walker.one_key_signs_at_most_and_one_waits_at_most()
        walker.teardown()


def test_long_walks_from_key_to_key() -> None:
    stroll(KeyWalk, seeds=15, steps=150)


def test_long_walks_on_sqlite(tmp_path: Path) -> None:
    numbers = count()

    class SqliteKeyWalk(KeyWalk):
        async def open(self) -> Store:
            return SqliteStore.open(tmp_path / f"{next(numbers)}.db")

    stroll(SqliteKeyWalk, seeds=2, steps=80)


def test_long_walks_on_postgresql(postgres_url: str, postgres_database: psycopg.Connection[Any]) -> None:
    class PostgresKeyWalk(KeyWalk):
        async def open(self) -> Store:
            postgres_database.execute(EMPTY)
            return await PostgresStore.open(postgres_url)

    stroll(PostgresKeyWalk, seeds=2, steps=80)


TestTheKeysHold = KeyWalk.TestCase
TestTheKeysHold.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
