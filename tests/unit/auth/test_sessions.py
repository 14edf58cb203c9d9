"""Checking, listing and ending sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.auth.house import NOW, add, events, log_in, open_auth, tokens_for

from gatepass.auth import (
    ADMIN,
    EndReason,
    NotPermitted,
    SessionId,
    SessionRefused,
    SessionUnknown,
    UserChanged,
    usecases,
)

if TYPE_CHECKING:
    from gatepass.auth import Auth, CheckedSession, LoggedIn

DAY = 86_400


@pytest.fixture
async def auth() -> Auth:
    opened = await open_auth()
    await add(opened)
    await add(opened, "bob@example.org")
    await add(opened, "root@example.org", permissions=[ADMIN])
    return opened


async def check(auth: Auth, came: LoggedIn, *, now: float = NOW) -> CheckedSession:
    return await usecases.check_session(auth, session_id=came.session_id.reveal(), now=now)


async def refusal(auth: Auth, came: LoggedIn, *, now: float = NOW) -> str:
    with pytest.raises(SessionRefused) as refused:
        await check(auth, came, now=now)
    return refused.value.code


async def test_a_check_is_one_look_up_and_no_commit(auth: Auth) -> None:
    came = await log_in(auth)
    before = (auth.store.lookups, auth.store.commits)
    await check(auth, came, now=NOW + 59)
    assert (auth.store.lookups, auth.store.commits) == (before[0] + 1, before[1])


async def test_use_is_noted_once_a_minute(auth: Auth) -> None:
    came = await log_in(auth)
    commits = auth.store.commits
    for second in range(0, 180, 5):
        await check(auth, came, now=NOW + second)
    assert auth.store.commits == commits + 2
    seen = (await check(auth, came, now=NOW + 180)).session
    assert (seen.last_seen_at, seen.idle_ends_at) == (NOW + 120, NOW + 120 + 14 * DAY)


async def test_a_session_that_is_used_stays_and_one_that_is_not_goes(auth: Auth) -> None:
    used, unused = await log_in(auth), await log_in(auth)
    for day in range(1, 14):
        await check(auth, used, now=NOW + day * DAY)
    assert await refusal(auth, unused, now=NOW + 14 * DAY) == "session_idle"
    await check(auth, used, now=NOW + 14 * DAY)


async def test_no_use_moves_the_absolute_end(auth: Auth) -> None:
    came = await log_in(auth)
    for day in range(1, 90):
        await check(auth, came, now=NOW + day * DAY)
    assert await refusal(auth, came, now=NOW + 90 * DAY) == "session_expired"


async def test_an_unknown_id_is_refused(auth: Auth) -> None:
    with pytest.raises(SessionRefused) as refused:
        await usecases.check_session(auth, session_id="gps_" + "A" * 43, now=NOW)
    assert refused.value.code == "session_unknown"


async def test_logging_out_ends_the_session_at_once_and_again_is_no_error(auth: Auth) -> None:
    came = await log_in(auth)
    for _ in range(2):
        await usecases.log_out(auth, session=came.session, actor=came.user, now=NOW + 1)
    assert await refusal(auth, came, now=NOW + 1) == "session_ended"
    assert (await events(auth)).count("logged_out") == 1


async def test_logging_out_of_what_is_gone_is_no_error(auth: Auth) -> None:
    came = await log_in(auth)
    elsewhere = await open_auth()
    await usecases.log_out(elsewhere, session=came.session, actor=came.user, now=NOW)
    assert await events(elsewhere) == ["key_added"]


async def test_a_user_sees_their_own_sessions_newest_first(auth: Auth) -> None:
    first, second = await log_in(auth), await log_in(auth, now=NOW + 1)
    await log_in(auth, "bob@example.org")
    listed = await usecases.list_sessions(auth, user_id=first.user.id, now=NOW + 1)
    assert listed == [second.session, first.session]


async def test_a_user_ends_another_session_of_theirs(auth: Auth) -> None:
    here, there = await log_in(auth), await log_in(auth)
    await usecases.end_session(auth, sid=there.session.sid, actor=here.user, now=NOW)
    assert await refusal(auth, there) == "session_ended"
    await check(auth, here)
    await usecases.end_session(auth, sid=there.session.sid, actor=here.user, now=NOW)  # a client may retry
    assert (await events(auth)).count("session_ended") == 1


async def test_nobody_ends_the_session_of_somebody_else_or_learns_that_it_exists(auth: Auth) -> None:
    mine, other = await log_in(auth), await log_in(auth, "bob@example.org")
    for sid in (other.session.sid, "no-such-session"):
        with pytest.raises(SessionUnknown):
            await usecases.end_session(auth, sid=sid, actor=mine.user, now=NOW)
    await check(auth, other)


@pytest.mark.parametrize("actor", ["cli", "root@example.org"])
async def test_an_administrator_and_the_command_line_end_any_session(auth: Auth, actor: str) -> None:
    victim = await log_in(auth)
    ordering = "cli" if actor == "cli" else (await log_in(auth, actor)).user
    assert ordering == "cli" or not isinstance(ordering, str)
    await usecases.end_session(auth, sid=victim.session.sid, actor=ordering, now=NOW)  # type: ignore[arg-type]
    found = await auth.store.session_by_sid(victim.session.sid)
    assert found is not None
    assert found[0].end_reason is EndReason.ENDED_BY_ADMIN


async def test_ending_all_others_leaves_the_one_that_asks(auth: Auth) -> None:
    here = await log_in(auth)
    others = [await log_in(auth) for _ in range(3)]
    bob = await log_in(auth, "bob@example.org")
    assert await usecases.end_other_sessions(auth, session=here.session, now=NOW) == 3
    assert await usecases.end_other_sessions(auth, session=here.session, now=NOW) == 0
    assert [await refusal(auth, other) for other in others] == ["session_ended"] * 3
    await check(auth, here)
    await check(auth, bob)


async def test_an_administrator_sees_all_live_sessions_in_pages(auth: Auth) -> None:
    came = [await log_in(auth, f"{name}@example.org") for name in ("ada", "bob", "root")]
    root = came[2].user
    first = await usecases.live_sessions(auth, actor=root, now=NOW, limit=2)
    rest = await usecases.live_sessions(auth, actor="cli", now=NOW, after=first[-1][0].sid)
    assert {s.sid for s, _ in first + rest} == {c.session.sid for c in came}
    with pytest.raises(NotPermitted):
        await usecases.live_sessions(auth, actor=came[0].user, now=NOW)


async def test_a_disabled_user_is_out_everywhere_with_one_write(auth: Auth) -> None:
    came = [await log_in(auth) for _ in range(3)]
    commits = auth.store.commits
    await usecases.disable_user(auth, user_id=came[0].user.id, actor="cli", now=NOW)
    assert auth.store.commits == commits + 1
    assert {await refusal(auth, one) for one in came} == {"user_disabled"}


async def test_a_raised_cut_off_ends_older_sessions_and_no_newer_ones(auth: Auth) -> None:
    old = await log_in(auth)
    user = old.user
    cut = msgspec.structs.replace(user, epoch=user.epoch + 1, revoked_below=user.epoch + 1)
    await auth.store.commit(UserChanged(cut, user.epoch))
    new = await log_in(auth)
    assert await refusal(auth, old) == "session_revoked"
    await check(auth, new)


async def test_a_changed_role_ends_no_session(auth: Auth) -> None:
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    await add(auth, "doc@example.org", roles=["doctor"])
    came = await log_in(auth, "doc@example.org")
    await usecases.define_role(auth, name="doctor", permissions={"b:read"}, now=NOW)
    assert (await check(auth, came)).user.granted == {"b:read"}


async def test_auth_accepts_its_own_access_token_while_the_session_lives(auth: Auth) -> None:
    came = await log_in(auth)
    token = (await tokens_for(auth, came)).access_token
    checked = await usecases.check_access_token(auth, token=token, now=NOW + 1)
    assert (checked.session, checked.user) == (came.session, came.user)
    await usecases.log_out(auth, session=came.session, actor=came.user, now=NOW + 2)
    with pytest.raises(SessionRefused) as refused:
        await usecases.check_access_token(auth, token=token, now=NOW + 2)
    assert refused.value.code == "session_ended"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "gps_" + "A" * 43, "é.é.é"])
async def test_auth_accepts_nothing_else(auth: Auth, token: str) -> None:
    with pytest.raises(SessionRefused) as refused:
        await usecases.check_access_token(auth, token=token, now=NOW)
    assert refused.value.code == "token_invalid"


async def test_an_expired_token_is_not_accepted_though_the_session_lives(auth: Auth) -> None:
    came = await log_in(auth)
    token = (await tokens_for(auth, came)).access_token
    await usecases.check_access_token(auth, token=token, now=NOW + 599)
    with pytest.raises(SessionRefused) as refused:
        await usecases.check_access_token(auth, token=token, now=NOW + 600)
    assert refused.value.code == "token_invalid"


async def test_a_purge_forgets_sessions_a_week_after_they_are_over(auth: Auth) -> None:
    came = await log_in(auth)
    await usecases.purge(auth, now=NOW + 20 * DAY)
    assert await refusal(auth, came, now=NOW + 20 * DAY) == "session_idle"
    await usecases.purge(auth, now=NOW + 21 * DAY)
    assert await refusal(auth, came, now=NOW + 21 * DAY) == "session_unknown"


async def test_a_purge_forgets_events_when_their_time_is_over() -> None:
    auth = await open_auth(events_kept=7 * DAY)
    await add(auth)
    await log_in(auth, now=NOW + 7 * DAY)
    before = await events(auth)
    await usecases.purge(auth, now=NOW + 7 * DAY - 1)
    assert await events(auth) == before
    await usecases.purge(auth, now=NOW + 7 * DAY)
    assert await events(auth) == ["logged_in"]


def test_session_ids_are_secrets_of_exact_form() -> None:
    first = SessionId.new(lambda n: bytes(range(n)))
    again = SessionId.parse(first.reveal())
    assert again == first
    assert hash(again) == hash(first)
    assert first != first.reveal()
    assert len(first.hash()) == 32
    assert first.reveal() not in repr(first) + str(first)
