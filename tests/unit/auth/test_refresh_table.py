"""The life of a refresh record: the table is total for what can be presented, and no row of it is idle."""

from __future__ import annotations

from itertools import product
from typing import Any

import msgspec
import pytest
from tests.contract.samples import DAY, NOW, record, session, user

from gatepass.auth import EndReason, Terms, UserStatus, refresh, sessions
from gatepass.auth.refresh import TRANSITIONS, Effect, Event, State

GRACE = 10.0

RECORDS: dict[str, dict[str, Any]] = {
    "active": {},
    "rotated": {"state": State.ROTATED, "rotated_at": NOW, "answer": b"sealed", "successor": b"next"},
    "rotated, answer wiped": {"state": State.ROTATED, "rotated_at": NOW, "answer": None},
    "revoked": {"state": State.REVOKED},
    "of an older epoch": {"epoch": 2},
}
SESSIONS: dict[str, dict[str, Any]] = {
    "live": {},
    "live for long": {"idle_ends_at": NOW + 9 * DAY},
    "ended": {"ended_at": NOW, "end_reason": EndReason.LOGGED_OUT},
    "idle": {"idle_ends_at": NOW - 1},
}
USERS: dict[str, dict[str, Any]] = {
    "active": {},
    "disabled": {"status": UserStatus.DISABLED},
    "cut off": {"revoked_below": 4},
    "cut off below 3": {"revoked_below": 3},
}
MOMENTS = (NOW - 11, NOW - 1, NOW, NOW + 9.9, NOW + 10, NOW + DAY, NOW + 20 * DAY)


def test_every_presentation_finds_its_row_and_every_row_is_found() -> None:
    found = set()
    for of_record, of_session, of_user, now in product(
        RECORDS.values(), SESSIONS.values(), USERS.values(), MOMENTS
    ):
        kept = record(**of_record)
        event = refresh.classify(kept, session(**of_session), user(**of_user), grace=GRACE, now=now)
        assert (kept.state, event) in TRANSITIONS
        found.add((kept.state, event))
    by_others = {(state, Event.FAMILY_REVOKED) for state in State}
    assert found | by_others == set(TRANSITIONS)


def test_nothing_leads_back_to_active() -> None:
    for (before, _), (after, _) in TRANSITIONS.items():
        assert before is State.ACTIVE or after is not State.ACTIVE


def test_only_an_active_record_yields_a_successor() -> None:
    issuing = {before for (before, _), (_, effect) in TRANSITIONS.items() if effect is Effect.ISSUE_SUCCESSOR}
    assert issuing == {State.ACTIVE}


CASES: dict[str, tuple[str, float, Effect]] = {
    "active": ("active", NOW, Effect.ISSUE_SUCCESSOR),
    "active, a moment before its idle end": ("active", NOW + DAY - 0.01, Effect.ISSUE_SUCCESSOR),
    "active, at its idle end": ("active", NOW + DAY, Effect.REFUSE),
    "rotated, at once": ("rotated", NOW, Effect.REPEAT_ANSWER),
    "rotated, at the end of the grace": ("rotated", NOW + 9.99, Effect.REPEAT_ANSWER),
    "rotated, the grace is over": ("rotated", NOW + 10, Effect.REVOKE_FAMILY),
    "rotated, days ago": ("rotated", NOW + 2 * DAY, Effect.REVOKE_FAMILY),
    "rotated, by a clock that is ahead of ours": ("rotated", NOW - 5, Effect.REPEAT_ANSWER),
    "rotated, and then the clock was set back": ("rotated", NOW - 3600, Effect.REVOKE_FAMILY),
    "rotated, and its answer was wiped": ("rotated, answer wiped", NOW, Effect.REVOKE_FAMILY),
    "revoked": ("revoked", NOW, Effect.REFUSE),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_presentation_is_decided_by_state_and_clock(case: tuple[str, float, Effect]) -> None:
    name, now, effect = case
    backing = session(idle_ends_at=NOW + 30 * DAY, ends_at=NOW + 30 * DAY)
    assert refresh.decide(record(**RECORDS[name]), backing, user(), grace=GRACE, now=now)[1] is effect


def test_a_record_never_outlives_its_session() -> None:
    terms = Terms(issuer="https://a", audience="b", refresh_idle=100, refresh_absolute=1000)
    backing = session(ends_at=NOW + 50)
    first = refresh.first_record(
        backing,
        user(),
        hash=b"h",
        family="f",
        form=refresh.RefreshForm.STANDARD,
        access_token_hash=b"a",
        lifetime=60,
        terms=terms,
        now=NOW,
    )
    assert first.idle_ends_at == first.absolute_ends_at == NOW + 50


def test_a_successor_has_a_new_idle_end_and_the_old_absolute_one() -> None:
    terms = Terms(issuer="https://a", audience="b", refresh_idle=100, access_token_lifetime=300)
    before = record(absolute_ends_at=NOW + 150, lifetime=600)
    after = refresh.successor(
        before, user(epoch=7), hash=b"h", access_token_hash=b"a", terms=terms, now=NOW + 10
    )
    assert (after.idle_ends_at, after.absolute_ends_at) == (NOW + 110, NOW + 150)
    assert (after.family, after.sid, after.epoch, after.state) == (
        before.family,
        before.sid,
        7,
        State.ACTIVE,
    )
    assert after.lifetime == 300  # the terms became shorter meanwhile
    late = refresh.successor(before, user(), hash=b"h", access_token_hash=b"a", terms=terms, now=NOW + 100)
    assert late.idle_ends_at == NOW + 150


@pytest.mark.parametrize("now", [NOW + 10 * DAY, NOW + 11 * DAY])
def test_the_absolute_end_has_its_own_code(now: float) -> None:
    lasting = record(idle_ends_at=NOW + 10 * DAY)
    backing = session(idle_ends_at=NOW + 30 * DAY, ends_at=NOW + 30 * DAY)
    assert refresh.decide(lasting, backing, user(), grace=GRACE, now=now)[1] is Effect.REFUSE
    assert refresh.refusal(lasting, backing, user(), now=now) == "refresh_expired"


def test_the_strictest_cut_off_counts() -> None:
    # Two levels, neither may cancel the other: the session's epoch and the record's own.
    newer_record = record(epoch=5)
    assert refresh.refusal_of_backing(newer_record, session(epoch=3), user(revoked_below=4), now=NOW)
    newer_session = session(epoch=5)
    assert refresh.refusal_of_backing(record(epoch=3), newer_session, user(revoked_below=4), now=NOW)
    both = refresh.refusal_of_backing(newer_record, newer_session, user(revoked_below=4), now=NOW)
    assert both is None


def test_the_session_table_is_total_and_every_state_is_reached() -> None:
    assert set(sessions.TRANSITIONS) == set(product(sessions.State, sessions.Event))
    reached = set()
    for of_session, of_user, now in product(SESSIONS.values(), USERS.values(), MOMENTS):
        reached.add(sessions.state_of(session(**of_session), user(**of_user), now=now))
    assert reached == set(sessions.State)


def test_only_live_sessions_are_admitted() -> None:
    admitting = {sessions.Effect.ADMIT, sessions.Effect.ADMIT_AND_TOUCH}
    for (state, _), (_, effect) in sessions.TRANSITIONS.items():
        assert state is sessions.State.LIVE or effect not in admitting


def test_a_session_is_over_at_the_earliest_of_its_ends() -> None:
    kept = session(idle_ends_at=NOW + 20, ends_at=NOW + 10)
    assert sessions.refusal(kept, user(), now=NOW + 9.9) is None
    assert sessions.refusal(kept, user(), now=NOW + 10) == "session_expired"
    sooner = msgspec.structs.replace(kept, idle_ends_at=NOW + 5)
    assert sessions.refusal(sooner, user(), now=NOW + 5) == "session_idle"
