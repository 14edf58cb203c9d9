"""How fast one session gets tokens: no honest client meets the bound, and who loops does."""

from __future__ import annotations

import pytest
from tests.unit.auth.house import NOW, events, log_in, next_tokens, open_auth, presentable, tokens_for

from gatepass.auth import Auth, RefreshForm, TooManyAttempts, pace
from gatepass.auth.pace import Pace
from gatepass.auth.throttle import Limit


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three at once, then one every ten seconds."""
    monkeypatch.setattr(pace, "PACE", Limit(3, 30))


async def test_who_renews_in_a_loop_waits_and_goes_on(auth: Auth, slow: None) -> None:
    tokens = await tokens_for(auth, await log_in(auth))
    for _ in range(2):
        tokens = await next_tokens(auth, tokens, now=NOW)
    lines = await events(auth)
    with pytest.raises(TooManyAttempts) as refused:
        await next_tokens(auth, tokens, now=NOW)
    assert refused.value.retry_after == 10
    assert await events(auth) == lines
    later = await next_tokens(auth, tokens, now=NOW + 10)  # what was refused is not used up
    assert presentable(await next_tokens(auth, tokens, now=NOW + 11)) == presentable(later)  # nor the grace


@pytest.mark.parametrize("form", list(RefreshForm))
async def test_lines_of_one_session_are_counted_together_and_other_sessions_are_not(
    auth: Auth, form: RefreshForm, slow: None
) -> None:
    came, other = await log_in(auth), await log_in(auth)
    for _ in range(3):
        await tokens_for(auth, came, form=form)
    with pytest.raises(TooManyAttempts):
        await tokens_for(auth, came, form=form)
    await tokens_for(auth, other, form=form)  # the twin


async def test_every_family_of_a_session_follows_many_changes_at_once() -> None:
    auth = await open_auth()
    counted = Pace()
    for _ in range(20):
        for family in range(20):
            counted.charge("sid", now=NOW + family)
    assert len(counted) == 1
    assert auth.pace is not (await open_auth()).pace


def test_a_clock_that_is_set_back_has_nobody_wait(slow: None) -> None:
    counted = Pace()
    for moment in (NOW, NOW - 3_600):
        for _ in range(3):
            counted.charge("sid", now=moment)
        with pytest.raises(TooManyAttempts):
            counted.charge("sid", now=moment)


def test_who_has_been_quiet_is_forgotten() -> None:
    counted = Pace()
    for number in range(100_000):
        counted.charge(f"sid-{number}", now=NOW + number / 1_000)
    assert len(counted) < 3_000
