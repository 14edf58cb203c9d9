"""The clinic's appointments and people: small stores, decided by the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from examples.clinic.bookings import Bookings
from examples.clinic.directory import Directory, Person

if TYPE_CHECKING:
    from pathlib import Path

FRIDAY = datetime(2026, 11, 20, 15, 17, tzinfo=UTC)


def person(number: str, role: str, doctor: str | None = None) -> Person:
    return Person(
        id=number,
        first_name=f"N{number}",
        last_name="X",
        email=f"{number}@x.example",
        roles=[role],
        doctor=doctor,
    )


PEOPLE = [
    person("d1", "doctor"),
    person("d2", "doctor"),
    person("p1", "patient", "d1"),
    person("p2", "patient", "d2"),
]


@pytest.fixture
def bookings(tmp_path: Path) -> Bookings:
    made = Bookings(tmp_path)
    made.fill(PEOPLE, today=FRIDAY)
    return made


def test_each_sees_their_part(bookings: Bookings) -> None:
    assert {one.patient_id for one in bookings.of_patient("p1")} == {"p1"}
    assert {one.patient_id for one in bookings.of_doctor("d2")} == {"p2"}
    assert {one.patient_id for one in bookings.everybodys()} == {"p1", "p2"}
    assert {one.patient_id for one in bookings.free()} == {None}


def test_everything_is_on_a_working_day_after_today(bookings: Bookings) -> None:
    starts = [datetime.fromisoformat(one.starts_at) for one in (*bookings.everybodys(), *bookings.free())]
    assert min(starts) > FRIDAY
    assert all(start.weekday() < 5 for start in starts)
    assert len(set(starts)) == len(starts)


def test_a_free_slot_can_be_taken_once(bookings: Bookings) -> None:
    slot = bookings.free()[0].id
    assert bookings.book(slot, patient_id="p1", patient="N1")
    assert not bookings.book(slot, patient_id="p2", patient="N2")
    assert slot in {one.id for one in bookings.of_patient("p1")}


def test_only_the_patient_can_cancel(bookings: Bookings) -> None:
    mine = bookings.of_patient("p1")[0].id
    assert not bookings.cancel(mine, patient_id="p2")
    assert bookings.cancel(mine, patient_id="p1")
    assert mine in {one.id for one in bookings.free()}


def test_the_directory_is_read_as_it_was_written(tmp_path: Path) -> None:
    Directory(tmp_path).write(PEOPLE)
    assert Directory(tmp_path).everybody == PEOPLE


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30])
def test_a_number_that_no_slot_has_takes_and_gives_back_nothing(bookings: Bookings, number: int) -> None:
    assert not bookings.book(number, patient_id="p1", patient="N1")
    assert not bookings.cancel(number, patient_id="p1")
    assert bookings.book(bookings.free()[0].id, patient_id="p1", patient="N1")
