"""Users from another system: each line judged as a registration is, what is refused told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.auth.house import CLIENT, NOW, make_auth

from gatepass.auth import Auth, Contended, ImportRun, Line, LoginRefused, UserStatus, usecases

if TYPE_CHECKING:
    from gatepass.auth import User

SHA1 = "pbkdf2_sha1$1$salt$DGDID5YfDnHzqbUkr2ASBi/gN6Y="
"""Of the password `password`, in one iteration."""
FILE = "f" * 64


def line(number: int = 1, **fields: str) -> Line:
    named = {"email": "ann@example.org", "first_name": "Ann", "last_name": "Lee", "password_hash": SHA1}
    return Line(number, named | fields)


async def imported(auth: Auth, *lines: Line) -> list[tuple[int, str]]:
    """Import one file of these lines; gives what was refused."""
    judged = await usecases.judge_users(auth, lines, seen=set(), now=NOW)
    after = ImportRun(FILE, len(lines), len(judged.users), len(judged.refusals), finished=True)
    await usecases.import_users(auth, judged, run=None, after=after, now=NOW)
    return [(refusal.number, refusal.reason) for refusal in judged.refusals]


async def ann(auth: Auth, email: str = "ann@example.org") -> User:
    return await usecases.find_user(auth, email=email, actor="cli")


async def test_a_user_comes_in_with_all_that_the_line_says() -> None:
    auth = make_auth()
    await usecases.define_role(auth, name="doctor", permissions=["people:read"], now=NOW)
    full = line(
        email=" ANN@Example.ORG ",
        roles="doctor",
        permissions="gatepass:admin, reports:read",
        created_at="2020-01-02T03:04:05+01:00",
        id="AnnAnnAnnAnnAnnAnnAnn_",
    )
    assert await imported(auth, full) == []
    user = await ann(auth)
    assert (user.id, user.email, user.name, user.status) == (
        "AnnAnnAnnAnnAnnAnnAnn_",
        "ann@example.org",
        "Ann Lee",
        UserStatus.ACTIVE,
    )
    assert user.roles == {"doctor"}
    assert user.granted == {"people:read", "gatepass:admin", "reports:read"}
    assert user.created_at == 1_577_930_645
    await usecases.log_in(auth, email=user.email, password="password", client=CLIENT, now=NOW)
    log = await auth.store.events_after(0, 10)
    told = [entry.event for entry in log if entry.event.kind == "user_imported"]
    assert [(event.user_id, event.actor) for event in told] == [(user.id, "cli")]
    assert await usecases.find_import(auth, source=FILE) == ImportRun(FILE, 1, 1, 0, finished=True)


STATUSES: dict[str, tuple[dict[str, str], UserStatus]] = {
    "a hash": ({}, UserStatus.ACTIVE),
    "no hash": ({"password_hash": ""}, UserStatus.INVITED),
    "disabled": ({"disabled": "Yes"}, UserStatus.DISABLED),
    "not disabled": ({"disabled": "false"}, UserStatus.ACTIVE),
}


@pytest.mark.parametrize(("fields", "status"), STATUSES.values(), ids=STATUSES)
async def test_who_may_come_in(fields: dict[str, str], status: UserStatus) -> None:
    auth = make_auth()
    assert await imported(auth, line(1, **fields)) == []
    assert (await ann(auth)).status is status
    log_in = usecases.log_in(auth, email="ann@example.org", password="password", client=CLIENT, now=NOW)
    if status is UserStatus.ACTIVE:
        await log_in
    else:
        with pytest.raises(LoginRefused):
            await log_in


MOMENTS = {"": NOW, "1700000000": 1.7e9, "1700000000.5": 1_700_000_000.5, "2023-11-14": 1_699_920_000.0}


@pytest.mark.parametrize("text", MOMENTS)
async def test_since_when_there_is_the_account(text: str) -> None:
    auth = make_auth()
    assert await imported(auth, line(created_at=text)) == []
    assert (await ann(auth)).created_at == MOMENTS[text]


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "no address": ({"email": ""}, "email: is not an e-mail address"),
    "no name": ({"first_name": " "}, "first_name: needs at least one letter"),
    "a name that shows nothing": ({"last_name": "Lee\u202e"}, "last_name: has characters that no name has"),
    "a password": ({"password_hash": "hunter22"}, "password_hash: is in no form that is known here"),
    "a bomb": (
        {"password_hash": "pbkdf2_sha256$99999999$s$" + "A" * 43 + "="},
        "would cost too much to verify",
    ),
    "an undefined role": ({"roles": "doctor"}, "roles: a role that is not defined"),
    "no role": ({"roles": "Doc*"}, "role: must be small letters"),
    "no permission": ({"permissions": "READ ALL"}, "permissions: must look like"),
    "no flag": ({"disabled": "maybe"}, "disabled: must be true or false"),
    "no time": ({"created_at": "yesterday"}, "created_at: must look like"),
    "the future": ({"created_at": "2100-01-01"}, "created_at: is before 1970 or in the future"),
    "before there were computers": ({"created_at": "1066-10-14"}, "created_at: is before 1970"),
    "no id": ({"id": "7"}, "id: must be 22 characters"),
}


@pytest.mark.parametrize(("fields", "reason"), REFUSED.values(), ids=REFUSED)
async def test_a_line_is_refused_in_words_and_the_others_come_in(fields: dict[str, str], reason: str) -> None:
    auth = make_auth()
    refused = await imported(auth, line(1, **fields), line(2, email="bob@example.org"))
    assert [number for number, _ in refused] == [1]
    assert reason in refused[0][1]
    assert not any(value and value.strip() in refused[0][1] for value in fields.values() if len(value) > 1)
    assert (await ann(auth, "bob@example.org")).status is UserStatus.ACTIVE


async def test_an_address_and_an_id_are_given_once() -> None:
    auth = make_auth()
    first = line(id="A" * 22)
    assert await imported(auth, first) == []
    judged = await usecases.judge_users(
        auth,
        [
            first,
            line(2, email="bob@example.org", id="A" * 22),
            line(3, email="eve@example.org"),
            line(4, email="EVE@example.org"),
        ],
        seen=set(),
        now=NOW,
    )
    assert [(r.number, r.reason) for r in judged.refusals] == [
        (1, "email: an account has it already"),
        (2, "id: stands in an earlier line"),
        (4, "email: stands in an earlier line"),
    ]  # fmt: skip


CHANGES: dict[str, Any] = {
    "the address is taken": lambda auth: usecases.add_user(
        auth,
        email="ann@example.org",
        password="a long password",
        first_name="Ann",
        last_name="Lee",
        actor="cli",
        now=NOW,
    ),
    "the role carries more": lambda auth: usecases.define_role(
        auth, name="doctor", permissions=["gatepass:admin"], now=NOW
    ),
    "the import went on": lambda auth: imported(auth, line(email="bob@example.org")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_what_changes_after_the_judgement_stops_the_batch(change: Any) -> None:
    auth = make_auth()
    await usecases.define_role(auth, name="doctor", permissions=["people:read"], now=NOW)
    judged = await usecases.judge_users(auth, [line(roles="doctor")], seen=set(), now=NOW)
    await change(auth)
    before = await auth.store.users_page(None, 10)
    with pytest.raises(Contended):
        await usecases.import_users(auth, judged, run=None, after=ImportRun(FILE, 1, 1, 0), now=NOW)
    assert await auth.store.users_page(None, 10) == before


def test_nothing_that_was_in_a_line_is_shown() -> None:
    assert SHA1 not in repr(line())
    assert "ann" not in repr(line())
