"""What each use case writes into the revocation feed, in its own commit, and what compaction makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.reading import Reader
from tests.unit.auth.house import NOW, add, log_in, next_tokens, tokens_for

from gatepass.auth import (
    LONGEST_LIFETIME,
    RefreshForm,
    RefreshRefused,
    Revocation,
    Revoked,
    SessionRefused,
    Terms,
    revocations,
    usecases,
)
from gatepass.auth.usecases.log_in import SESSIONS_PER_USER
from gatepass.jose import jwt
from gatepass.oauth import AccessToken, Selects, mark_of

if TYPE_CHECKING:
    from gatepass.auth import Auth, LoggedIn, Tokens


async def entries(auth: Auth) -> list[Revocation]:
    return [entry.revocation for entry in (await auth.store.revocations_after(0, 10_000)).entries]


def claims(tokens: Tokens) -> AccessToken:
    return AccessToken.from_claims(jwt.peek(tokens.access_token).claims)


async def verdict(auth: Auth, tokens: Tokens) -> str:
    reader = Reader()
    await reader.read(auth.store)
    return reader.verdict(claims(tokens))


def test_an_entry_outlives_every_token_that_exists() -> None:
    for now in (NOW, NOW + 0.5, NOW + 59, NOW + 60):
        end = revocations.forget_after(now)
        assert now + LONGEST_LIFETIME + revocations.SLACK <= end < now + LONGEST_LIFETIME + 120
        assert end % 60 == 0


def test_no_terms_let_a_token_live_longer() -> None:
    Terms(issuer="https://a", audience="b", access_token_lifetime=LONGEST_LIFETIME)
    with pytest.raises(ValueError, match="3600"):
        Terms(issuer="https://a", audience="b", access_token_lifetime=LONGEST_LIFETIME + 1)


def test_an_entry_travels_as_a_mark() -> None:
    one = revocations.session_ended("a-session", "user-ada", now=NOW).selector
    assert (one.selects, one.mark, one.below) == (Selects.SID, mark_of("a-session"), 0)
    everything = Revocation(Selects.ALL, "", 5, 9).selector
    assert (everything.mark, everything.below, everything.forget_after) == (0, 5, 9)


async def test_logging_out_revokes_the_session(auth: Auth) -> None:
    came, other = await log_in(auth), await log_in(auth)
    tokens, others = await tokens_for(auth, came), await tokens_for(auth, other)
    assert await verdict(auth, tokens) == "holds"
    await usecases.log_out(auth, session=came.session, actor=came.user, now=NOW)
    assert await entries(auth) == [revocations.session_ended(came.session.sid, came.user.id, now=NOW)]
    assert (await verdict(auth, tokens), await verdict(auth, others)) == ("revoked", "holds")
    await usecases.log_out(auth, session=came.session, actor=came.user, now=NOW)  # a client may retry
    assert len(await entries(auth)) == 1


async def test_a_session_that_is_kicked_out_is_revoked(auth: Auth) -> None:
    came = await log_in(auth)
    await usecases.end_session(auth, sid=came.session.sid, actor="cli", now=NOW)
    assert await entries(auth) == [revocations.session_ended(came.session.sid, came.user.id, now=NOW)]


async def test_ending_all_others_revokes_each_of_them(auth: Auth) -> None:
    here, *others = [await log_in(auth) for _ in range(4)]
    tokens = [await tokens_for(auth, came) for came in (here, *others)]
    await usecases.end_other_sessions(auth, session=here.session, now=NOW)
    assert [await verdict(auth, one) for one in tokens] == ["holds"] + ["revoked"] * 3


async def test_late_reuse_revokes_the_session(auth: Auth) -> None:
    first = await tokens_for(auth, await log_in(auth))
    second = await next_tokens(auth, first, now=NOW + 1)
    assert await verdict(auth, second) == "holds"
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, first, now=NOW + 60)
    assert await verdict(auth, second) == "revoked"


async def test_one_session_too_many_revokes_the_oldest(auth: Auth) -> None:
    came = [await log_in(auth, now=NOW + i) for i in range(SESSIONS_PER_USER + 1)]
    assert await entries(auth) == [
        revocations.session_ended(came[0].session.sid, came[0].user.id, now=NOW + SESSIONS_PER_USER)
    ]


async def test_disabling_revokes_the_user_below_the_cut(auth: Auth) -> None:
    tokens = await tokens_for(auth, await log_in(auth))
    user = await usecases.disable_user(auth, email="ada@example.org", actor="cli", now=NOW)
    assert await entries(auth) == [revocations.user_revoked(user.id, user.revoked_below, now=NOW)]
    assert await verdict(auth, tokens) == "revoked"


async def test_a_changed_role_makes_its_holders_tokens_stale_and_nobody_elses(auth: Auth) -> None:
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    await add(auth, "doc@example.org", roles=["doctor"])
    doctor = await tokens_for(auth, await log_in(auth, "doc@example.org"))
    ada = await tokens_for(auth, await log_in(auth))
    await usecases.define_role(auth, name="doctor", permissions={"b:read"}, now=NOW)
    assert (await verdict(auth, doctor), await verdict(auth, ada)) == ("stale", "holds")
    renewed = await next_tokens(auth, doctor, now=NOW + 1)  # nobody is logged out
    assert await verdict(auth, renewed) == "holds"


async def test_a_role_defined_as_it_was_changes_nothing(auth: Auth) -> None:
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    await add(auth, "doc@example.org", roles=["doctor"])
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    assert await entries(auth) == []


async def test_logging_in_refreshing_and_checking_leave_the_feed_alone(auth: Auth) -> None:
    came = await log_in(auth)
    tokens = await next_tokens(auth, await tokens_for(auth, came), now=NOW + 1)
    await usecases.check_access_token(auth, token=tokens.access_token, now=NOW + 2)
    assert await entries(auth) == []


async def test_a_purge_forgets_when_the_last_token_is_dead(auth: Auth) -> None:
    came = await log_in(auth)
    await usecases.log_out(auth, session=came.session, actor=came.user, now=NOW)
    over = revocations.forget_after(NOW)
    await usecases.purge(auth, now=over - 1)
    assert len(await entries(auth)) == 1
    await usecases.purge(auth, now=over)
    assert await entries(auth) == []


# Compaction


async def ended_ones(auth: Auth, count: int) -> list[tuple[LoggedIn, Tokens]]:
    pairs = []
    for _ in range(count):
        came = await log_in(auth)
        pairs.append((came, await tokens_for(auth, came)))
    for came, _ in pairs:
        await usecases.log_out(auth, session=came.session, actor=came.user, now=NOW)
    return pairs


async def test_few_single_sessions_stay_single(auth: Auth) -> None:
    await ended_ones(auth, 3)
    await usecases.compact_revocations(auth, now=NOW, more_than=3)
    assert [entry.selects for entry in await entries(auth)] == [Selects.SID] * 3


async def test_many_become_one_and_every_ended_session_stays_out(auth: Auth) -> None:
    live = [
        (form, await tokens_for(auth, await log_in(auth), form=form, lifetime=30)) for form in RefreshForm
    ]
    ended = await ended_ones(auth, 4)
    await usecases.compact_revocations(auth, now=NOW + 1, more_than=3)
    (one,) = await entries(auth)
    assert (one.selects, one.value, one.below) == (Selects.CHANGED, ended[0][0].user.id, 1)
    assert one.forget_after >= revocations.forget_after(NOW)
    for _, tokens in ended:
        assert await verdict(auth, tokens) == "stale"  # which no Service accepts, and ...
        with pytest.raises(RefreshRefused):  # ... it cannot be renewed
            await next_tokens(auth, tokens, now=NOW + 2)
        with pytest.raises(SessionRefused):
            await usecases.check_access_token(auth, token=tokens.access_token, now=NOW + 2)
    for _, tokens in live:  # the twin: who is logged in renews, and stays
        assert await verdict(auth, tokens) == "stale"
        assert await verdict(auth, await next_tokens(auth, tokens, now=NOW + 2)) == "holds"


async def test_a_session_that_ends_after_a_compaction_is_revoked_again(auth: Auth) -> None:
    await ended_ones(auth, 4)
    came = await log_in(auth)
    await usecases.compact_revocations(auth, now=NOW, more_than=3)
    found = await auth.store.session_by_sid(came.session.sid)
    assert found is not None
    session, user = found
    tokens = await usecases.issue_tokens(auth, session=session, user=user, form=RefreshForm.STANDARD, now=NOW)
    assert await verdict(auth, tokens) == "holds"
    await usecases.log_out(auth, session=session, actor=user, now=NOW)
    assert await verdict(auth, tokens) == "revoked"


async def test_a_user_of_whom_nothing_is_known_any_more_is_passed_over(auth: Auth) -> None:
    await auth.store.commit(*(Revoked(revocations.session_ended(f"s{i}", "gone", now=NOW)) for i in range(5)))
    await usecases.compact_revocations(auth, now=NOW, more_than=3)
    assert len(await entries(auth)) == 5
