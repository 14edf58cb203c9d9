"""Who comes first is decided inside the commit: refreshing, ending and disabling race, on every adapter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.stores import LastingStore, open_at
from tests.unit.auth.house import (
    CLIENT,
    NOW,
    add,
    events,
    log_in,
    make_auth,
    next_tokens,
    open_auth,
    presentable,
    tokens_for,
)

from gatepass.auth import (
    Auth,
    Conflict,
    EndReason,
    EventKind,
    LoginRefused,
    RefreshForm,
    RefreshRefused,
    SessionEnded,
    SessionRefused,
    TooManyAttempts,
    usecases,
)
from gatepass.auth.opaque import hash_text
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gatepass.auth import Change, LoggedIn, RefreshRecord, Session, Store, Tokens, User

FORMS = list(RefreshForm)
END = NOW + 600


@pytest.fixture
async def auth(store: Store) -> Auth:
    """With one user, Ada."""
    opened = await open_auth(store)
    await add(opened)
    return opened


@pytest.mark.parametrize("form", FORMS)
async def test_twenty_presentations_at_once_give_one_rotation_and_one_answer(
    auth: Auth, form: RefreshForm
) -> None:
    tokens = await tokens_for(auth, await log_in(auth), form=form)
    answers = await asyncio.gather(*(next_tokens(auth, tokens, now=END) for _ in range(20)))
    assert all(answer == answers[0] for answer in answers)
    assert (await events(auth)).count("tokens_refreshed") == 1
    await next_tokens(auth, answers[0], now=END + 600)


async def test_presentations_of_many_tokens_at_once_do_not_mix(auth: Auth) -> None:
    sessions = [await log_in(auth) for _ in range(8)]
    tokens = [await tokens_for(auth, came) for came in sessions]
    twice = await asyncio.gather(*(next_tokens(auth, one, now=END) for one in tokens * 2))
    assert twice[:8] == twice[8:]
    assert [answer.sid for answer in twice[:8]] == [came.session.sid for came in sessions]


@pytest.mark.parametrize("form", FORMS)
async def test_late_presentations_at_once_revoke_once(auth: Auth, form: RefreshForm) -> None:
    tokens = await tokens_for(auth, await log_in(auth), form=form)
    successor = await next_tokens(auth, tokens, now=END)
    late = [next_tokens(auth, tokens, now=END + 100) for _ in range(10)]
    results = await asyncio.gather(*late, return_exceptions=True)
    codes = [result.code for result in results if isinstance(result, RefreshRefused)]
    assert len(codes) == 10
    assert codes.count("refresh_reused") == 1
    assert (await events(auth)).count("refresh_reused") == 1
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, successor, now=END + 100)


@pytest.mark.parametrize("form", FORMS)
async def test_the_grace_repeats_one_answer_and_never_the_next_generation(
    auth: Auth, form: RefreshForm
) -> None:
    # With lifetimes of a second, three generations fit into one grace.
    first = await tokens_for(auth, await log_in(auth), form=form, lifetime=1)
    second = await next_tokens(auth, first, now=NOW + 1)
    third = await next_tokens(auth, second, now=NOW + 3)
    assert presentable(await next_tokens(auth, first, now=NOW + 4)) == presentable(second)
    assert presentable(await next_tokens(auth, second, now=NOW + 4)) == presentable(third)
    # Each record's grace is its own: the first one's is over while the second one's goes on.
    assert presentable(await next_tokens(auth, second, now=NOW + 12)) == presentable(third)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, first, now=NOW + 12)
    assert refused.value.code == "refresh_reused"
    for tokens in (second, third):
        with pytest.raises(RefreshRefused) as refused:
            await next_tokens(auth, tokens, now=NOW + 12)
        assert refused.value.code == "session_ended"


async def end(auth: Auth, came: LoggedIn) -> None:
    await usecases.end_session(auth, sid=came.session.sid, actor="cli", now=END)


async def disable(auth: Auth, came: LoggedIn) -> None:
    await usecases.disable_user(auth, user_id=came.user.id, actor="cli", now=END)


SHUT_OUT: dict[str, Callable[[Auth, LoggedIn], Awaitable[None]]] = {"ended": end, "disabled": disable}


@pytest.mark.parametrize("shut_out", SHUT_OUT.values(), ids=SHUT_OUT.keys())
@pytest.mark.parametrize("first", [True, False], ids=["ordered first", "ordered last"])
async def test_refreshing_against_shutting_out_leaves_nothing_that_works(
    auth: Auth, shut_out: Callable[[Auth, LoggedIn], Awaitable[None]], *, first: bool
) -> None:
    came = await log_in(auth)
    families = [await tokens_for(auth, came) for _ in range(6)]
    rotations: list[Awaitable[Any]] = [next_tokens(auth, tokens, now=END) for tokens in families]
    order = shut_out(auth, came)
    racing = [order, *rotations] if first else [*rotations, order]
    results = await asyncio.gather(*racing, return_exceptions=True)
    given = [result for result in results if not isinstance(result, BaseException) and result is not None]
    for tokens in [*families, *given]:
        with pytest.raises(RefreshRefused):
            await next_tokens(auth, tokens, now=END + 1)
    for tokens in given:  # Auth itself honours none of the access tokens either
        with pytest.raises(SessionRefused):
            await usecases.check_access_token(auth, token=tokens.access_token, now=END + 1)


class Between:
    """A store in front of another: something happens between the look-up of a record and the commit."""

    def __init__(self, store: Store, happen: Callable[[], Awaitable[object]]) -> None:
        self._store, self._happen = store, happen
        self.armed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def refresh_by_hash(self, token_hash: bytes) -> tuple[RefreshRecord, Session, User] | None:
        found = await self._store.refresh_by_hash(token_hash)
        if self.armed:
            self.armed = False
            await self._happen()
        return found


def with_something_between(auth: Auth, happen: Callable[[], Awaitable[object]]) -> Auth:
    store: Any = Between(auth.store, happen)
    return Auth(
        store=store,
        passwords=auth.passwords,
        entropy=auth.entropy,
        kek=auth.kek,
        terms=auth.terms,
        keyring=auth.keyring,
    )


@pytest.mark.parametrize("shut_out", SHUT_OUT.values(), ids=SHUT_OUT.keys())
async def test_shut_out_between_look_up_and_commit_is_refused_by_the_commit(
    auth: Auth, shut_out: Callable[[Auth, LoggedIn], Awaitable[None]]
) -> None:
    came = await log_in(auth)
    tokens = await tokens_for(auth, came)
    racing = with_something_between(auth, lambda: shut_out(auth, came))
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(racing, tokens, now=END)
    assert refused.value.code in {"session_ended", "user_disabled"}
    assert "tokens_refreshed" not in await events(auth)


async def test_a_role_that_changes_between_look_up_and_commit_is_in_the_answer(auth: Auth) -> None:
    await usecases.define_role(auth, name="doctor", permissions={"old:read"}, now=NOW)
    await add(auth, "doc@example.org", roles=["doctor"])
    tokens = await tokens_for(auth, await log_in(auth, "doc@example.org"))

    def change() -> Awaitable[None]:
        return usecases.define_role(auth, name="doctor", permissions={"new:read"}, now=END)

    renewed = await next_tokens(with_something_between(auth, change), tokens, now=END)
    checked = await usecases.check_access_token(auth, token=renewed.access_token, now=END)
    assert checked.user.granted == {"new:read"}
    found = await auth.store.refresh_by_hash(hash_text(presentable(renewed)))
    assert found is not None
    assert found[0].epoch == checked.user.epoch == 1


async def test_another_presentation_between_look_up_and_commit_gives_the_same_answer(auth: Auth) -> None:
    tokens = await tokens_for(auth, await log_in(auth))
    other: list[Tokens] = []

    async def present() -> None:
        other.append(await next_tokens(auth, tokens, now=END))

    assert [await next_tokens(with_something_between(auth, present), tokens, now=END)] == other


async def test_a_session_that_is_ended_from_many_sides_ends_once(auth: Auth) -> None:
    came = await log_in(auth)
    await asyncio.gather(
        *(end(auth, came) for _ in range(5)),
        *(usecases.log_out(auth, session=came.session, actor=came.user, now=END) for _ in range(5)),
    )
    assert sum(kind in {"session_ended", "logged_out"} for kind in await events(auth)) == 1


async def test_all_others_are_ended_though_one_of_them_ends_meanwhile(auth: Auth) -> None:
    here, there, third = [await log_in(auth) for _ in range(3)]
    counts = await asyncio.gather(
        usecases.end_other_sessions(auth, session=here.session, now=END),
        end(auth, there),
        usecases.end_other_sessions(auth, session=third.session, now=END),
    )
    live = await usecases.list_sessions(auth, user_id=here.user.id, now=END)
    assert len(live) <= 1
    assert counts[1] is None
    assert sum(kind == "session_ended" for kind in await events(auth)) == 3 - len(live)


async def test_guesses_at_once_are_counted_as_guesses_in_turn(auth: Auth) -> None:
    tries = [
        usecases.log_in(auth, email="ada@example.org", password=f"guess {i}", client=CLIENT, now=NOW)
        for i in range(30)
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    kinds = [type(result) for result in results]
    assert (kinds.count(LoginRefused), kinds.count(TooManyAttempts)) == (10, 20)


async def test_one_address_registers_one_account(store: Store) -> None:
    auth = await open_auth(store, registration_open=True)
    spellings = ["eve@example.org", "EVE@example.org", "ｅｖｅ@example.org", "eve@EXAMPLE.org"]
    tries = [
        usecases.register(auth, email=email, first_name="E", last_name="V", client=CLIENT, now=NOW)
        for email in spellings
    ]
    await asyncio.gather(*tries)
    (user,) = await store.users_page(None, 10)
    kinds = [recorded.event.kind for recorded in await store.events_after(0, 10)]
    assert (kinds.count(EventKind.USER_REGISTERED), kinds.count(EventKind.ADDRESS_ASKED)) == (1, 3)
    assert [mail.user_id for mail, _ in await store.mails_due(NOW, 10)] == [user.id] * 4


async def test_a_clock_that_jumps_does_not_lose_a_login_or_stretch_a_grace(auth: Auth) -> None:
    came = await log_in(auth)
    tokens = await tokens_for(auth, came)
    earlier = await next_tokens(auth, tokens, now=NOW - 3600)  # the clock was set back an hour
    assert presentable(await next_tokens(auth, tokens, now=NOW - 3591)) == presentable(earlier)
    await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW - 3600)
    await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, tokens, now=NOW)  # and set right again: the grace of then is over


# After a restart: nothing that matters lives in the process.


@pytest.mark.parametrize("form", FORMS)
async def test_a_restart_loses_no_session_no_record_and_no_grace(address: str, form: RefreshForm) -> None:
    async def start() -> Auth:
        return await open_auth(await open_at(address), now=END)

    async def stop(auth: Auth) -> None:
        assert isinstance(auth.store, LastingStore)
        await auth.store.close()

    auth = await open_auth(await open_at(address))
    await add(auth)
    came = await log_in(auth)
    tokens = await tokens_for(auth, came, form=form)
    await stop(auth)

    auth = await start()
    await usecases.check_session(auth, session_id=came.session_id.reveal(), now=END)
    answer = await next_tokens(auth, tokens, now=END)
    await stop(auth)

    auth = await start()
    assert await next_tokens(auth, tokens, now=END + 5) == answer.__class__(
        access_token=answer.access_token,
        expires_at=answer.expires_at,
        expires_in=answer.expires_in - 5,
        refresh_token=answer.refresh_token,
        form=form,
        sid=answer.sid,
    )
    await stop(auth)

    auth = await start()
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, tokens, now=END + 10)  # replayed after the restart: late is late
    assert refused.value.code == "refresh_reused"
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, answer, now=END + 600)
    await stop(auth)


async def test_two_stores_on_one_database_give_one_rotation_and_one_answer(address: str) -> None:
    first = await open_auth(await open_at(address))
    await add(first)
    second = make_auth(await open_at(address))
    await usecases.keep_keys(second, now=NOW)
    for turn in range(10):
        tokens = await tokens_for(first, await log_in(first))
        now = END + turn
        answers = await asyncio.gather(*(next_tokens(auth, tokens, now=now) for auth in (first, second) * 5))
        assert all(answer == answers[0] for answer in answers)
    assert (await events(first)).count("tokens_refreshed") == 10
    for auth in (first, second):
        assert isinstance(auth.store, LastingStore)
        await auth.store.close()


async def test_a_grace_answer_is_not_lost_when_the_commit_was_but_its_caller_was_not() -> None:
    """A response that never arrived is asked for again: the record rotated, the same answer comes."""

    class LosesTheResponse(MemoryStore):
        lose = False

        async def commit(self, *changes: Change) -> None:
            await super().commit(*changes)
            if self.lose:
                self.lose = False
                raise ConnectionResetError

    store = LosesTheResponse()
    auth = await open_auth(store)
    await add(auth)
    tokens = await tokens_for(auth, await log_in(auth))
    store.lose = True
    with pytest.raises(ConnectionResetError):
        await next_tokens(auth, tokens, now=END)
    again = await next_tokens(auth, tokens, now=END + 3)
    await next_tokens(auth, again, now=END + 600)
    assert (await events(auth)).count("tokens_refreshed") == 2


async def test_ended_for_one_reason_stays_ended_for_it(auth: Auth) -> None:
    came = await log_in(auth)
    await end(auth, came)
    await usecases.log_out(auth, session=came.session, actor=came.user, now=END)
    found = await auth.store.session_by_sid(came.session.sid)
    assert found is not None
    assert found[0].end_reason is EndReason.ENDED_BY_ADMIN
    with pytest.raises(Conflict):
        await auth.store.commit(SessionEnded(came.session.sid, END, EndReason.LOGGED_OUT))
