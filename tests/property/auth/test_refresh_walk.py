"""Walk the life of refresh records at random, on each adapter, beside a model of the rules in words."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.postgres_server import EMPTY
from tests.stores import LastingStore, notes_written, open_at
from tests.unit.auth.house import NOW, add, log_in, next_tokens, open_auth, presentable, tokens_for

from gatepass.auth import RefreshForm, RefreshRefused, RefreshState, SessionRefused, usecases
from gatepass.auth.opaque import hash_text
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Coroutine

    import psycopg

    from gatepass.auth import Auth, LoggedIn, Tokens

GRACE = 10
IDLE, ABSOLUTE = 2000, 6000
SESSION_IDLE, SESSION_ABSOLUTE = 5000, 12_000
LIFETIME = 35  # so that a renewal is possible from the fifth second on


OUTCOMES: Counter[str] = Counter()
"""How often each outcome was walked through: a walk that never gets there proves nothing."""


WAITS = [1, 5, 9, 10, 11, 60, 600, IDLE - 1, IDLE, SESSION_IDLE - IDLE]


@dataclass
class Login:
    """What the model knows of a session."""

    came: LoggedIn
    user: str
    ends: float
    idle_ends: float
    seen: float
    alive: bool = True


@dataclass
class Token:
    """What the model knows of one presentable thing."""

    tokens: Tokens
    login: Login
    idle_ends: float
    ends: float
    rotated_at: float | None = None
    answer: Token | None = None
    expires: float = 0.0
    wiped: bool = False


@dataclass
class Model:
    now: float = NOW
    logins: list[Login] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    rotated: list[Token] = field(default_factory=list)
    disabled: set[str] = field(default_factory=set)


class RefreshWalk(RuleBasedStateMachine):
    """Log in, take tokens, present them early, late, twice, at once; end, disable, purge, restart, wait."""

    address: str | None = None
    """Where the database is that outlives a restart; None: in memory."""
    logins = Bundle("logins")
    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.store = self.run(self.open())
        self.auth = self.run(self.start())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def open(self) -> MemoryStore | LastingStore:
        return MemoryStore() if self.address is None else await open_at(self.address)

    async def start(self) -> Auth:
        return await open_auth(
            self.store,
            now=self.model.now,
            refresh_idle=IDLE,
            refresh_absolute=ABSOLUTE,
            session_idle=SESSION_IDLE,
            session_absolute=SESSION_ABSOLUTE,
            access_token_lifetime=LIFETIME,
        )

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()

    @initialize()
    def users(self) -> None:
        self.run(add(self.auth, "ada@example.org"))
        self.run(add(self.auth, "bob@example.org"))

    # What a client does

    @rule(target=logins, who=st.sampled_from(["ada", "bob"]))
    def log_in(self, who: str) -> Any:
        if who in self.model.disabled:
            return multiple()
        came = self.run(log_in(self.auth, f"{who}@example.org", now=self.model.now))
        now = self.model.now
        login = Login(came, who, now + SESSION_ABSOLUTE, now + SESSION_IDLE, now)
        self.model.logins.append(login)
        return login

    @rule(target=tokens, login=logins, form=st.sampled_from(RefreshForm))
    def take_tokens(self, login: Login, form: RefreshForm) -> Any:
        taking = tokens_for(self.auth, login.came, form=form, now=self.model.now)
        if not self.holds(login):
            with pytest.raises(SessionRefused):
                self.run(taking)
            return multiple()
        # The session is given as of the log-in: a stale idle end in the caller's hand refuses, too.
        if self.model.now >= login.came.session.idle_ends_at:
            with pytest.raises(SessionRefused):
                self.run(taking)
            return multiple()
        tokens: Tokens = self.run(taking)
        return self.remember(tokens, login, ends=min(self.model.now + ABSOLUTE, login.ends))

    @rule(target=tokens, token=tokens, times=st.integers(1, 5))
    def present_any(self, token: Token, times: int) -> Any:
        return self.present(token, times)

    @precondition(lambda self: self.model.tokens)
    @rule(target=tokens, times=st.integers(1, 5))
    def present_newest(self, times: int) -> Any:
        return self.present(self.model.tokens[-1], times)

    @precondition(lambda self: self.model.rotated)
    @rule(target=tokens, times=st.integers(1, 5))
    def present_last_rotated_again(self, times: int) -> Any:
        return self.present(self.model.rotated[-1], times)

    @precondition(lambda self: self.model.tokens)
    @rule(target=tokens)
    def wait_and_present_newest(self) -> Any:
        self.model.now += 5
        return self.present(self.model.tokens[-1], 1)

    @precondition(lambda self: self.model.rotated)
    @rule(target=tokens, seconds=st.integers(8, 12), times=st.integers(1, 3))
    def wait_and_present_last_rotated_again(self, seconds: int, times: int) -> Any:
        self.model.now += seconds
        return self.present(self.model.rotated[-1], times)

    def present(self, token: Token, times: int) -> Any:
        """Present one token, alone or several times at the same moment."""
        expected = self.expectation(token)
        OUTCOMES[expected] += 1

        async def at_once() -> list[Any]:
            tries = (next_tokens(self.auth, token.tokens, now=self.model.now) for _ in range(times))
            return await asyncio.gather(*tries, return_exceptions=True)

        results = self.run(at_once())
        if expected in {"issue", "repeat"}:
            assert all(result == results[0] for result in results), results
            return self.got(token, results[0], expected)
        codes = [result.code for result in results if isinstance(result, RefreshRefused)]
        assert len(codes) == times, results
        if expected == "revoke":
            assert codes.count("refresh_reused") == 1
            token.login.alive = False
        else:
            assert "refresh_reused" not in codes
        return multiple()

    def got(self, token: Token, answer: Tokens, expected: str) -> Any:
        if expected == "repeat":
            assert token.answer is not None
            assert presentable(answer) == presentable(token.answer.tokens)
            assert answer.access_token == token.answer.tokens.access_token
            return multiple()
        assert presentable(answer) not in {presentable(known.tokens) for known in self.model.tokens}
        successor = self.remember(answer, token.login, ends=token.ends)
        token.rotated_at, token.answer = self.model.now, successor
        self.model.rotated.append(token)
        self.used(token.login)
        return successor

    # What others do

    @precondition(lambda self: len(self.model.logins) > 2)
    @rule(login=consumes(logins))
    def end(self, login: Login) -> None:
        self.run(usecases.end_session(self.auth, sid=login.came.session.sid, actor="cli", now=self.model.now))
        login.alive = login.alive and not self.holds(login)  # one that lapsed by itself stays as it is

    @rule(login=logins)
    def use(self, login: Login) -> None:
        checking = usecases.check_session(
            self.auth, session_id=login.came.session_id.reveal(), now=self.model.now
        )
        if self.holds(login):
            self.run(checking)
            self.run(notes_written(self.store))  # of the use, or a later step may find the idle end of before
            self.used(login)
        else:
            with pytest.raises(SessionRefused):
                self.run(checking)

    @precondition(lambda self: "bob" not in self.model.disabled and len(self.model.logins) > 2)
    @rule()
    def disable(self) -> None:
        self.run(usecases.disable_user(self.auth, email="bob@example.org", actor="cli", now=self.model.now))
        self.model.disabled.add("bob")

    @rule(seconds=st.sampled_from(WAITS))
    def wait(self, seconds: int) -> None:
        self.model.now += seconds

    @rule()
    def purge(self) -> None:
        self.run(usecases.purge(self.auth, now=self.model.now))
        for token in list(self.model.tokens):
            if token.idle_ends <= self.model.now:
                self.model.tokens.remove(token)
                token.wiped = True

    @precondition(lambda self: self.address is not None)
    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(self.open())
        self.auth = self.run(self.start())

    # What must be true always

    @invariant()
    def a_family_has_one_active_record_at_most(self) -> None:
        active: dict[str, int] = {}
        for token in self.model.tokens:
            found = self.run(self.store.refresh_by_hash(hash_text(presentable(token.tokens))))
            assert found is not None
            record = found[0]
            if record.state is RefreshState.ACTIVE:
                active[record.family] = active.get(record.family, 0) + 1
            assert (record.state is RefreshState.ROTATED) or record.answer is None
            assert token.login.alive or record.state is RefreshState.REVOKED
        assert all(count == 1 for count in active.values())

    # The rules in plain words

    def holds(self, login: Login) -> bool:
        now = self.model.now
        out = login.user in self.model.disabled
        return login.alive and not out and now < login.ends and now < login.idle_ends

    def used(self, login: Login) -> None:
        if self.model.now - login.seen >= 60:
            login.seen = self.model.now
            login.idle_ends = min(self.model.now + SESSION_IDLE, login.ends)

    def expectation(self, token: Token) -> str:
        now = self.model.now
        if token.tokens.form is RefreshForm.RENEWAL and now < token.tokens.expires_at - 30:
            return "refuse"
        if token.wiped or not self.holds(token.login):
            return "refuse"
        if token.rotated_at is not None:
            return "repeat" if now - token.rotated_at < GRACE else "revoke"
        return "issue" if now < token.idle_ends and now < token.ends else "refuse"

    def remember(self, tokens: Tokens, login: Login, *, ends: float) -> Token:
        token = Token(tokens, login, idle_ends=min(self.model.now + IDLE, ends), ends=ends)
        self.model.tokens.append(token)
        return token


class SqliteRefreshWalk(RefreshWalk):
    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.address = str(Path(self.folder.name) / "gatepass.db")
        super().__init__()

    def teardown(self) -> None:
        super().teardown()
        self.folder.cleanup()


@pytest.fixture
def postgres_walk(postgres_url: str, postgres_database: psycopg.Connection[Any]) -> type[RefreshWalk]:
    """The walk on this worker's database, emptied for each."""

    class PostgresRefreshWalk(RefreshWalk):
        address = postgres_url

        def __init__(self) -> None:
            postgres_database.execute(EMPTY)
            super().__init__()

    return PostgresRefreshWalk


WALK = settings(
    max_examples=40, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)


def stroll(machine: type[RefreshWalk], *, seeds: int, steps: int) -> None:
    """Walk long ways that are the same every time, and see that they led everywhere."""
    OUTCOMES.clear()
    for seed in range(seeds):
        dice = random.Random(seed)  # noqa: S311 (which way to go is no secret)
        walker = machine()
        try:
            walker.users()
            for _ in range(steps):
                step(walker, dice)
                walker.a_family_has_one_active_record_at_most()
        finally:
            walker.teardown()
    assert min(OUTCOMES[outcome] for outcome in ("issue", "repeat", "revoke", "refuse")) >= seeds, OUTCOMES


def step(walker: RefreshWalk, dice: random.Random) -> None:
    model = walker.model
    times = dice.choice([1, 1, 2, 5])
    turn = dice.randrange(100)
    if turn < 8 or not model.tokens:
        login = walker.log_in(who=dice.choice(["ada", "bob"]))
        if isinstance(login, Login):
            walker.take_tokens(login=login, form=dice.choice(list(RefreshForm)))
    elif turn < 14:
        walker.take_tokens(login=dice.choice(model.logins), form=dice.choice(list(RefreshForm)))
    elif turn < 40:
        walker.wait_and_present_newest()
    elif turn < 55:
        walker.present_newest(times=times)
    elif turn < 70:
        walker.present_any(token=dice.choice(model.tokens), times=times)
    elif turn < 80 and model.rotated:
        walker.present_last_rotated_again(times=times)
    elif turn < 84 and model.rotated:
        walker.wait_and_present_last_rotated_again(seconds=dice.choice([9, 10]), times=times)
    elif turn < 92:
        walker.wait(seconds=dice.choice(WAITS))
    else:
        others(walker, dice)


def others(walker: RefreshWalk, dice: random.Random) -> None:
    model = walker.model
    turn = dice.randrange(10)
    if turn < 3:
        walker.end(login=dice.choice(model.logins))
    elif turn < 6:
        walker.use(login=dice.choice(model.logins))
    elif turn < 8:
        walker.purge()
    elif turn < 9 and walker.address is not None:
        walker.restart()
    elif "bob" not in model.disabled:
        walker.disable()


def test_the_refresh_table_holds_in_memory() -> None:
    run_state_machine_as_test(RefreshWalk, settings=WALK)


def test_the_refresh_table_holds_on_sqlite_and_after_restarts() -> None:
    run_state_machine_as_test(SqliteRefreshWalk, settings=settings(WALK, max_examples=8))


def test_long_walks_lead_everywhere_in_memory() -> None:
    stroll(RefreshWalk, seeds=20, steps=120)


def test_long_walks_lead_everywhere_on_sqlite() -> None:
    stroll(SqliteRefreshWalk, seeds=4, steps=120)


def test_the_refresh_table_holds_on_postgresql_and_after_restarts(postgres_walk: type[RefreshWalk]) -> None:
    run_state_machine_as_test(postgres_walk, settings=settings(WALK, max_examples=8))


def test_long_walks_lead_everywhere_on_postgresql(postgres_walk: type[RefreshWalk]) -> None:
    stroll(postgres_walk, seeds=4, steps=120)
