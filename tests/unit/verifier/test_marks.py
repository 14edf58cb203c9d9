"""The table of marks: it says what a dictionary would, whoever reads meanwhile."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepass.verifier.marks import MarkTable

# Few marks, so that entries meet: neighbours in one shard, and the ends of the first and of the last one.
MARKS = st.sampled_from([0, 1, 2, (1 << 36) - 1, 1 << 36, (1 << 48) - 1])
BOUNDS = st.integers(0, 2**53 - 1)
ENDS = st.one_of(st.integers(0, 50), st.sampled_from([2**32 - 1, 2**40]))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), MARKS, BOUNDS, ENDS),
        st.tuples(st.just("forget"), st.integers(0, 60)),
    ),
    max_size=40,
)


@given(loaded=st.lists(st.tuples(MARKS, BOUNDS, ENDS), max_size=20), steps=STEPS)
def test_it_is_a_dictionary_of_the_strictest_bound_and_the_latest_end(
    loaded: list[tuple[int, int, int]], steps: list[tuple[object, ...]]
) -> None:
    table, model = MarkTable(), dict[int, tuple[int, int]]()
    for mark, bound, end in loaded:
        table.load(mark, bound=bound, end=end)
        add(model, mark, bound, end)
    for step in steps:
        match step:
            case ("add", int(mark), int(bound), int(end)):
                table.add(mark, bound=bound, end=end)
                add(model, mark, bound, end)
            case (_, int(now)):
                kept = {mark: row for mark, row in model.items() if row[1] > now}
                assert table.forget(now) == (kept != model)
                model = kept
        assert {mark: table.bound(mark) for mark in model} == {mark: row[0] for mark, row in model.items()}
        assert len(table) == len(model)
        assert bool(table) == bool(model)
    assert table.bound(3) is None


def add(model: dict[int, tuple[int, int]], mark: int, bound: int, end: int) -> None:
    before = model.get(mark, (0, 0))
    model[mark] = (max(before[0], bound), max(before[1], min(end, 2**32 - 1)))


@given(one=st.lists(st.tuples(MARKS, BOUNDS, ENDS)), other=st.lists(st.tuples(MARKS, BOUNDS, ENDS)))
def test_a_table_loaded_into_another_is_both(
    one: list[tuple[int, int, int]], other: list[tuple[int, int, int]]
) -> None:
    left, right, both = MarkTable(), MarkTable(), MarkTable()
    for table, rows in ((left, one), (right, other), (both, one + other)):
        for mark, bound, end in rows:
            table.load(mark, bound=bound, end=end)
    left.load_all(right)
    for mark in {row[0] for row in one + other}:
        assert left.bound(mark) == both.bound(mark)
    assert len(left) == len(both)


@pytest.mark.parametrize("change", ["add", "forget"])
def test_who_reads_while_it_changes_never_misses_an_entry_that_stays(change: str) -> None:
    table = MarkTable()
    stays = [mark << 20 for mark in range(0, 4_000, 2)]
    for mark in stays:
        table.load(mark, bound=mark + 1, end=1_000)
    if change == "forget":
        for mark in stays:
            table.load(mark + 1, bound=1, end=mark % 100)
    missed: list[int] = []
    done, rounds = threading.Event(), threading.Barrier(4)

    def read() -> None:
        rounds.wait()
        while not done.is_set():
            missed.extend(mark for mark in stays if table.bound(mark) != mark + 1)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    rounds.wait()
    for step in range(100):
        if change == "forget":
            table.forget(step)
        else:
            for mark in stays[step::100]:
                table.add(mark + 1, bound=1, end=1_000)
    done.set()
    for reader in readers:
        reader.join()
    assert missed == []
