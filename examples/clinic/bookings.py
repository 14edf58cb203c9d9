"""The appointments of the clinic: one SQLite table, where a free slot is an appointment without a patient."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from examples.clinic.directory import Person

FILE = "appointments.db"
BOOKED_ONLINE = "Booked online"

SCHEMA = """
CREATE TABLE IF NOT EXISTS appointments (
  id INTEGER PRIMARY KEY,
  starts_at TEXT NOT NULL,
  doctor_id TEXT NOT NULL,
  doctor TEXT NOT NULL,
  patient_id TEXT,
  patient TEXT,
  reason TEXT
) STRICT
"""
REASONS = ("Check-up", "Blood pressure", "Vaccination", "Lab results", "Follow-up", "Sore throat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """Half an hour with a doctor; free while nobody is the patient."""

    id: int
    starts_at: str  # ISO 8601 with its offset
    doctor_id: str
    doctor: str
    patient_id: str | None
    patient: str | None
    reason: str | None


class Bookings:
    """What the `appointments` service keeps."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    def fill(self, people: list[Person], *, today: datetime) -> None:
        """Two appointments for each patient with their doctor, and free slots on the next working days."""
        doctors = {person.id: person for person in people if "doctor" in person.roles}
        patients = [person for person in people if person.doctor]
        starts = _half_hours(today)
        rows: list[tuple[str, str, str, str | None, str | None, str | None]] = []
        for number, patient in enumerate(patients * 2):
            doctor = doctors[str(patient.doctor)]
            reason = REASONS[number % len(REASONS)]
            rows.append((next(starts), doctor.id, doctor.name, patient.id, patient.name, reason))
        for number in range(6):
            doctor = list(doctors.values())[number % len(doctors)]
            rows.append((next(starts), doctor.id, doctor.name, None, None, None))
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(SCHEMA)
            connection.executemany(
                "INSERT INTO appointments (starts_at, doctor_id, doctor, patient_id, patient, reason)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )

    def of_patient(self, patient_id: str) -> list[Appointment]:
        """The appointments of one patient."""
        return self._select("patient_id = ?", patient_id)

    def of_doctor(self, doctor_id: str) -> list[Appointment]:
        """The appointments that patients have with one doctor."""
        return self._select("patient_id IS NOT NULL AND doctor_id = ?", doctor_id)

    def everybodys(self) -> list[Appointment]:
        """All appointments that have a patient."""
        return self._select("patient_id IS NOT NULL")

    def free(self) -> list[Appointment]:
        """The slots that can be booked."""
        return self._select("patient_id IS NULL")

    def book(self, number: int, *, patient_id: str, patient: str) -> bool:
        """Take a free slot. False: somebody else was faster, or there is no such slot."""
        return self._change(
            "UPDATE appointments SET patient_id = ?, patient = ?, reason = ?"
            " WHERE id = ? AND patient_id IS NULL",
            (patient_id, patient, BOOKED_ONLINE, number),
        )

    def cancel(self, number: int, *, patient_id: str) -> bool:
        """Make a patient's own slot free again. False: it is not theirs."""
        return self._change(
            "UPDATE appointments SET patient_id = NULL, patient = NULL, reason = NULL"
            " WHERE id = ? AND patient_id = ?",
            (number, patient_id),
        )

    def _select(self, condition: str, *values: object) -> list[Appointment]:
        with closing(sqlite3.connect(self._path)) as connection:
            connection.row_factory = sqlite3.Row
            # The condition is one of the texts above, never a stranger's word.
            rows = connection.execute(
                f"SELECT * FROM appointments WHERE {condition} ORDER BY starts_at",  # noqa: S608
                values,
            )
            return [Appointment(**row) for row in rows]

    def _change(self, statement: str, values: tuple[object, ...]) -> bool:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            try:
                return connection.execute(statement, values).rowcount == 1
            except OverflowError:
                return False  # a number for which SQLite has no room is no row's


def _half_hours(today: datetime) -> Iterator[str]:
    """Three starts on each of the coming working days, as ISO 8601 with the offset of `today`."""
    day = today.replace(minute=0, second=0, microsecond=0)
    while True:
        day += timedelta(days=1)
        if day.weekday() < 5:  # Monday to Friday
            for hour, minute in ((8, 30), (10, 0), (13, 30)):
                yield day.replace(hour=hour, minute=minute).isoformat()
