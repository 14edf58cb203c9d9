"""The made-up people of the clinic: who may do what, and how each of them logs in."""

from __future__ import annotations

from dataclasses import dataclass

ROLES: dict[str, tuple[str, ...]] = {
    "patient": ("appointments:read", "slots:read", "slots:book"),
    "doctor": ("users:read", "appointments:read", "slots:read"),
    "receptionist": ("users:read", "users:all", "appointments:read", "appointments:all", "slots:read"),
    "admin": (
        "users:read",
        "users:all",
        "appointments:read",
        "appointments:all",
        "slots:read",
        "gatepass:admin",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Somebody who can log in to the demo. The passwords are public: this is a demo on your own machine."""

    email: str
    password: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    about: str
    permissions: tuple[str, ...] = ()  # held directly, beside what the roles carry
    doctor: str | None = None  # a patient's doctor, by e-mail

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"


ACCOUNTS: tuple[Account, ...] = (
    Account(
        email="mia@clinic.example",
        password="patient-mia-demo",
        first_name="Mia",
        last_name="Novak",
        roles=("patient",),
        about="patient of Clara Stein",
        doctor="clara@clinic.example",
    ),
    Account(
        email="jonas@clinic.example",
        password="patient-jonas-demo",
        first_name="Jonas",
        last_name="Weber",
        roles=("patient",),
        about="patient of Clara Stein",
        doctor="clara@clinic.example",
    ),
    Account(
        email="leila@clinic.example",
        password="patient-leila-demo",
        first_name="Leila",
        last_name="Aziz",
        roles=("patient",),
        about="patient of Tomas Lind",
        doctor="tomas@clinic.example",
    ),
    Account(
        email="clara@clinic.example",
        password="doctor-clara-demo",
        first_name="Clara",
        last_name="Stein",
        roles=("doctor",),
        about="doctor",
    ),
    Account(
        email="tomas@clinic.example",
        password="doctor-tomas-demo",
        first_name="Tomas",
        last_name="Lind",
        roles=("doctor",),
        about="doctor, may see all appointments by a permission of his own",
        permissions=("appointments:all",),
    ),
    Account(
        email="rosa@clinic.example",
        password="reception-rosa-demo",
        first_name="Rosa",
        last_name="Marin",
        roles=("receptionist",),
        about="receptionist",
    ),
    Account(
        email="ada@clinic.example",
        password="admin-ada-demo",
        first_name="Ada",
        last_name="Berg",
        roles=("admin",),
        about="admin: sees all live sessions",
    ),
)
