"""What no longer holds: each entry by itself, in whatever order and whatever pages it came."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.verifier.feed_world import END, LEEWAY, entry, page, principal, sid
from tests.unit.verifier.world import KEY, NOW

from gatepass.oauth import Cursor, Page, Selector, Selects
from gatepass.verifier.revocations import OutOfOrder, Revocations, Verdict

if TYPE_CHECKING:
    from gatepass.verifier import Principal

ISSUED = int(NOW) - 60

# What selects the principal of `feed_world`, beside what just does not.
SELECTED = {
    Verdict.REVOKED_SID: (entry(Selects.SID, "a-session"), entry(Selects.SID, "another")),
    Verdict.REVOKED_JTI: (entry(Selects.JTI, "a-jti"), entry(Selects.JTI, "another")),
    Verdict.REVOKED_SUB: (entry(Selects.SUB, "ada", below=4), entry(Selects.SUB, "ada", below=3)),
    Verdict.REVOKED_CLIENT_ID: (
        entry(Selects.CLIENT_ID, "a-client", below=ISSUED + 1),
        entry(Selects.CLIENT_ID, "a-client", below=ISSUED),
    ),
    Verdict.REVOKED_KID: (entry(Selects.KID, str(KEY.kid)), entry(Selects.KID, "another")),
    Verdict.REVOKED_ALL: (entry(Selects.ALL, below=ISSUED + 1), entry(Selects.ALL, below=ISSUED)),
    Verdict.STALE: (entry(Selects.CHANGED, "ada", below=4), entry(Selects.CHANGED, "ada", below=3)),
}


def view(*entries: Selector) -> Revocations:
    made = Revocations(leeway=LEEWAY)
    made.take(page(*entries))
    return made


@pytest.mark.parametrize("verdict", SELECTED)
def test_an_entry_selects_what_it_names_and_nothing_else(verdict: Verdict) -> None:
    selects, passes_by = SELECTED[verdict]
    assert view(selects).verdict(principal()) is verdict
    assert view(passes_by).verdict(principal()) is None


def test_a_session_is_ended_by_what_ends_sessions_and_not_by_orders_about_tokens() -> None:
    of_session = principal(mode="session", kid=None, claims={"jti": None})
    ends = {Verdict.REVOKED_SID, Verdict.REVOKED_SUB, Verdict.STALE}
    for verdict, (selects, _) in SELECTED.items():
        assert view(selects).verdict(of_session) is (verdict if verdict in ends else None)


ENTRIES = st.one_of(
    st.sampled_from([one for pair in SELECTED.values() for one in pair]),
    st.builds(
        entry,
        st.sampled_from([Selects.SUB, Selects.CHANGED]),
        st.sampled_from(["ada", "bob"]),
        below=st.integers(0, 6),
    ),
    st.builds(entry, st.just(Selects.ALL), below=st.integers(ISSUED - 2, ISSUED + 2)),
)


def strictest(entries: list[Selector], who: Principal) -> Verdict | None:
    """Judge by each entry alone: revoked is stricter than stale, which is stricter than nothing."""
    verdicts = [verdict for one in entries if (verdict := view(one).verdict(who)) is not None]
    return min(verdicts, key=lambda verdict: verdict is Verdict.STALE, default=None)


@given(entries=st.lists(ENTRIES, max_size=8), data=st.data())
def test_two_cut_offs_never_cancel_each_other_whatever_their_order_and_pages(
    entries: list[Selector], data: st.DataObject
) -> None:
    """CVE-2026-8922: of two not-before cut-offs at different levels the later took back the stricter."""
    who = principal()
    made = Revocations(leeway=LEEWAY)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(entries)), max_size=3)) | {0, len(entries)})
    whole = data.draw(st.integers(0, max(len(cuts) - 2, 0)), label="pages of the full answer, less one")
    after: int | None = None
    for number, (start, end) in enumerate(pairwise(cuts)):
        made.take(page(*entries[start:end], after=after, seq=end, more=number < whole))
        after = end
    expected, found = strictest(entries, who), made.verdict(who)
    assert (found is None) == (expected is None)
    assert (found is Verdict.STALE) == (expected is Verdict.STALE)


# Order


def test_a_page_that_does_not_follow_is_not_taken() -> None:
    made = view(sid("one"))
    for wrong in (page(after=0, seq=2), page(after=2, seq=3), page(after=1, seq=2, log="another")):
        with pytest.raises(OutOfOrder):
            made.take(wrong)
    assert made.cursor == Cursor("log", 1)
    made.take(page(sid("two"), after=1))
    assert made.cursor == Cursor("log", 2)


def test_nothing_is_taken_before_the_first_full_answer() -> None:
    with pytest.raises(OutOfOrder):
        Revocations(leeway=LEEWAY).take(page(sid("one"), after=0))


def test_a_full_answer_counts_when_its_last_page_is_there_and_not_before() -> None:
    made = view(sid("old"))
    made.take(page(sid("a-session"), more=True))
    assert made.verdict(principal()) is None
    assert made.verdict(principal(session="old")) is Verdict.REVOKED_SID
    changes = made.changes
    assert made.take(page(sid("two"), after=1, true_at=NOW + 1))
    assert made.changes == changes + 1
    assert made.verdict(principal()) is Verdict.REVOKED_SID
    assert made.verdict(principal(session="old")) is None
    assert len(made) == 2


def test_what_is_known_counts_while_the_full_answer_is_asked_for_again() -> None:
    made = view(sid("a-session"))
    made.take(page(sid("a-session"), more=True))
    made.start_over()
    assert made.reached is None
    assert made.verdict(principal()) is Verdict.REVOKED_SID
    made.take(page(sid("one"), sid("a-session")))
    assert len(made) == 2


def test_an_older_full_answer_takes_nothing_away() -> None:
    made = view(sid("early"))
    made.take(page(sid("a-session"), after=1, true_at=NOW + 5))
    made.take(page(sid("early"), true_at=NOW))  # replayed, or from a cache
    assert made.verdict(principal()) is Verdict.REVOKED_SID
    made.take(page(sid("early"), true_at=NOW + 6))  # the twin: the issuer says so now
    assert made.verdict(principal()) is None


def test_an_older_full_answer_does_not_lower_a_cut_off_either() -> None:
    made = view(entry(Selects.ALL, below=ISSUED + 1))
    made.take(page(after=1, seq=1, true_at=NOW + 5))
    made.take(page(entry(Selects.ALL, below=5), true_at=NOW))
    assert made.verdict(principal()) is Verdict.REVOKED_ALL


def test_an_older_full_answer_takes_nothing_away_of_what_more_was_to_come_behind_either() -> None:
    made = view(sid("early"))
    made.take(page(sid("a-session"), after=1, more=True, true_at=NOW + 5))
    made.take(page(sid("early"), true_at=NOW + 1))
    assert made.verdict(principal()) is Verdict.REVOKED_SID


@given(data=st.data())
def test_whatever_a_relay_replays_nothing_that_was_known_is_lost_and_nothing_up_to_the_cursor_missed(
    data: st.DataObject,
) -> None:
    """A relay has every page that was ever signed, and gives any of them as the answer to any question."""
    made, known = Revocations(leeway=LEEWAY), 0
    written: list[Selector] = []
    signed: list[Page] = []
    for moment in range(data.draw(st.integers(1, 25))):
        if data.draw(st.booleans(), label="another entry"):
            written.append(sid(f"s{len(written)}"))
        asked = None if made.reached is None else made.reached.seq
        after = data.draw(st.sampled_from([None, asked]))
        end = min((after or 0) + 2, len(written))
        new = written[after or 0 : end]
        signed.append(page(*new, after=after, seq=end, more=end < len(written), true_at=NOW + moment))
        given = data.draw(st.sampled_from([signed[-1], *signed]), label="the answer")
        try:
            made.take(given)
        except OutOfOrder:
            made.start_over()
        ended = [n for n in range(len(written)) if made.verdict(principal(session=f"s{n}"))]
        known = max(known, len(ended))
        assert ended == list(range(known))
        assert made.cursor is None or made.cursor.seq <= known


def test_a_key_that_a_page_on_its_way_revokes_is_revoked() -> None:
    made = view()
    made.take(page(entry(Selects.KID, "stolen"), more=True))
    assert made.revoked_key("stolen")
    assert not made.revoked_key("another")


def test_a_page_that_was_never_taken_in_to_its_end_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a child that was forked in the middle of it: it must not believe that it has read so far."""
    made = view(sid("one"))

    def forked(_: object) -> bool:
        raise InterruptedError

    monkeypatch.setattr(made, "_take_entries", forked)
    with pytest.raises(InterruptedError):
        made.take(page(sid("a-session"), after=1))
    assert made.is_torn
    assert made.reached == made.cursor == Cursor("log", 1)
    made.start_over()
    assert not made.is_torn


# Forgetting


def test_an_entry_is_forgotten_at_its_end_and_not_before() -> None:
    made = view(sid("a-session", end=END), sid("later", end=END + 1), entry(Selects.ALL, below=1, end=END))
    made.forget(END - 0.5)
    assert len(made) == 3
    made.forget(END)
    assert len(made) == 1
    assert made.verdict(principal(session="later")) is Verdict.REVOKED_SID


def test_a_clock_set_back_behind_what_was_forgotten_is_noticed() -> None:
    made = view(sid("a-session"))
    made.forget(END - 1)
    assert not made.forgot_too_much(NOW)  # nothing was dropped
    made.forget(END)
    assert not made.forgot_too_much(END - LEEWAY)
    assert made.forgot_too_much(END - LEEWAY - 1)
    made.age.heard(NOW, now=NOW)
    made.lose()
    assert made.cursor is None
    assert made.age.heard_at == float("-inf")
    assert not made.forgot_too_much(NOW)
