"""Accounts and roles: who may make them, what goes into them, and how a role changes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.unit.auth.house import CLIENT, NOW, PASSWORD, add, events, open_auth, passwords_of

from gatepass.auth import (
    ADMIN,
    Contended,
    InvalidInput,
    NotPermitted,
    RoleDefined,
    RoleUnknown,
    User,
    UserAdded,
    UserStatus,
    UserUnknown,
    may_administer,
    usecases,
)
from gatepass.auth.permissions import check_permissions, effective
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatepass.auth import Auth


async def add_eve(auth: Auth, **fields: Any) -> User:
    given = {
        "email": "eve@example.org",
        "password": PASSWORD,
        "first_name": "Eve",
        "last_name": "Nobody",
        "actor": "cli",
        "now": NOW,
    }
    return await usecases.add_user(auth, **{**given, **fields})


BAD: dict[str, tuple[dict[str, str], str]] = {
    "no address": ({"email": "eve"}, "email"),
    "short password": ({"password": "1234567"}, "password"),
    "endless password": ({"password": "x" * 1025}, "password"),
    "password that is no text": ({"password": "\ud800" * 10}, "password"),
    "no first name": ({"first_name": "  "}, "first_name"),
    "endless last name": ({"last_name": "x" * 101}, "last_name"),
    "a last name that turns text around": ({"last_name": "Nobody\u202e"}, "last_name"),
    "markup": ({"first_name": "<b>Eve</b>"}, "first_name"),
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
async def test_what_cannot_be_accepted_is_named(case: tuple[dict[str, str], str]) -> None:
    auth = await open_auth()
    fields, field = case
    with pytest.raises(InvalidInput) as refused:
        await add_eve(auth, **fields)
    assert refused.value.field == field
    assert passwords_of(auth).hashed == 0
    assert all(value.strip() not in str(refused.value) for value in fields.values() if value.strip())
    await add_eve(auth)  # the twin


GOOD = {
    "password of eight": {"password": "k3Vm9qTz"},
    "password of 1024": {"password": "x" * 1024},
    "password of spaces and emoji": {"password": "  🐎 🔋  staple "},
    "name with marks": {"first_name": "Zoë", "last_name": "Nguyễn"},
    "name in Persian, with a joiner": {"first_name": "علی\u200cرضا"},
    "name of one letter": {"last_name": "O"},
}


@pytest.mark.parametrize("fields", GOOD.values(), ids=GOOD.keys())
async def test_what_people_have_is_accepted(fields: dict[str, str]) -> None:
    auth = await open_auth()
    await add_eve(auth, **fields)
    password = fields.get("password", PASSWORD)
    await usecases.log_in(auth, email="eve@example.org", password=password, client=CLIENT, now=NOW)


async def test_a_password_is_taken_exactly_as_it_is() -> None:
    auth = await open_auth()
    await add_eve(auth, password=" Secret Café ")
    for near in ("Secret Café", " secret café ", " Secret Cafe\u0301 ", " Secret Café"):
        with pytest.raises(Exception, match="do not match"):
            await usecases.log_in(auth, email="eve@example.org", password=near, client=CLIENT, now=NOW)
    await usecases.log_in(auth, email="eve@example.org", password=" Secret Café ", client=CLIENT, now=NOW)


async def test_what_a_user_may_do_is_roles_and_own_permissions_together() -> None:
    auth = await open_auth()
    await usecases.define_role(auth, name="doctor", permissions={"a:read", "a:write"}, now=NOW)
    await usecases.define_role(auth, name="nurse", permissions={"a:read"}, now=NOW)
    user = await add(auth, roles=["doctor", "nurse"], permissions=["reports:read"])
    assert user.granted == {"a:read", "a:write", "reports:read"}
    assert not may_administer(user)


async def test_a_role_that_nobody_defined_is_refused() -> None:
    auth = await open_auth()
    with pytest.raises(RoleUnknown):
        await add(auth, roles=["doctor"])
    with pytest.raises(RoleUnknown):
        effective(roles=["doctor"], permissions=(), defined={})


NAMES = {"a space": "a b", "upper case": "A", "nothing": "", "a line end": "a\n", "a quote": 'a"'}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
async def test_names_that_a_list_or_a_header_could_not_carry_are_refused(name: str) -> None:
    auth = await open_auth()
    with pytest.raises(InvalidInput):
        await usecases.define_role(auth, name=name, permissions=(), now=NOW)
    with pytest.raises(InvalidInput):
        await usecases.define_role(auth, name="doctor", permissions=[name], now=NOW)
    with pytest.raises(InvalidInput):
        await add(auth, permissions=[name])
    with pytest.raises(InvalidInput):
        await add(auth, roles=[name])
    assert check_permissions(["appointments:read", "gatepass:admin", "reports", "a:b:*"])


async def test_a_changed_role_reaches_all_who_hold_it_and_nobody_else() -> None:
    auth = await open_auth()
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    doctors = [await add(auth, f"d{i}@example.org", roles=["doctor"]) for i in range(3)]
    other = await add(auth)
    await usecases.define_role(auth, name="doctor", permissions={"b:read"}, now=NOW)
    for doctor in doctors:
        expected = msgspec.structs.replace(doctor, granted=frozenset({"b:read"}), epoch=1)
        assert await auth.store.user_by_id(doctor.id) == expected
    assert await auth.store.user_by_id(other.id) == other


async def test_a_role_defined_as_it_is_changes_nothing() -> None:
    auth = await open_auth()
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    commits = auth.store.commits
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    assert auth.store.commits == commits


class Overtaken(MemoryStore):
    """Whenever roles are looked up, somebody else is a moment quicker."""

    def __init__(self) -> None:
        super().__init__()
        self.others: list[Any] = []

    async def roles(self) -> Mapping[str, frozenset[str]]:
        found = await super().roles()
        if self.others:
            await self.commit(self.others.pop(0))
        return found


async def test_a_user_made_while_a_role_changes_gets_the_role_as_it_is_then() -> None:
    store = Overtaken()
    auth = await open_auth(store)
    await usecases.define_role(auth, name="doctor", permissions={"old:read"}, now=NOW)
    store.others = [RoleDefined("doctor", frozenset({"new:read"}), frozenset({"old:read"}), 0)]
    assert (await add(auth, roles=["doctor"])).granted == {"new:read"}


async def test_a_role_changed_while_a_user_is_made_reaches_that_user() -> None:
    store = Overtaken()
    auth = await open_auth(store)
    await usecases.define_role(auth, name="doctor", permissions={"old:read"}, now=NOW)
    ada = await add(auth, roles=["doctor"])
    late = msgspec.structs.replace(ada, id="late", email="late@example.org")
    store.others = [UserAdded(late, "h")]
    await usecases.define_role(auth, name="doctor", permissions={"new:read"}, now=NOW)
    found = await store.user_by_id("late")
    assert found is not None
    assert found.granted == {"new:read"}


async def test_who_is_always_overtaken_gives_up() -> None:
    store = Overtaken()
    auth = await open_auth(store)
    roles = [frozenset({f"p{i}:read"}) for i in range(8)]
    await usecases.define_role(auth, name="doctor", permissions=roles[0], now=NOW)
    store.others = [RoleDefined("doctor", new, old, 0) for old, new in pairwise(roles)]
    with pytest.raises(Contended):
        await add(auth, roles=["doctor"])


async def test_a_disabled_user_is_found_by_address_or_id_and_stays_as_they_were() -> None:
    auth = await open_auth()
    user = await add(auth)
    disabled = await usecases.disable_user(auth, email="ADA@example.org", actor="cli", now=NOW)
    assert (disabled.status, disabled.epoch, disabled.revoked_below) == (UserStatus.DISABLED, 1, 1)
    again = await usecases.disable_user(auth, user_id=user.id, actor="cli", now=NOW)
    assert again == disabled
    assert (await events(auth)).count("user_disabled") == 1


async def test_a_user_to_disable_must_exist_and_be_named_once() -> None:
    auth = await open_auth()
    with pytest.raises(UserUnknown):
        await usecases.disable_user(auth, email="nobody@example.org", actor="cli", now=NOW)
    with pytest.raises(UserUnknown):
        await usecases.disable_user(auth, user_id="nobody", actor="cli", now=NOW)
    with pytest.raises(ValueError, match="either"):
        await usecases.disable_user(auth, actor="cli", now=NOW)
    with pytest.raises(ValueError, match="either"):
        await usecases.disable_user(auth, email="a@example.org", user_id="a", actor="cli", now=NOW)


async def test_only_administrators_manage_users() -> None:
    auth = await open_auth()
    ada, root = await add(auth), await add(auth, "root@example.org", permissions=[ADMIN])
    for forbidden in (
        usecases.disable_user(auth, user_id=root.id, actor=ada, now=NOW),
        usecases.list_users(auth, actor=ada),
    ):
        with pytest.raises(NotPermitted):
            await forbidden
    assert await usecases.list_users(auth, actor=root) == [ada, root]
    assert await usecases.list_users(auth, actor="cli", after=ada.email, limit=5) == [root]
    assert (await usecases.disable_user(auth, user_id=ada.id, actor=root, now=NOW)).epoch == 1


async def test_only_the_command_line_makes_administrators() -> None:
    auth = await open_auth()
    await usecases.define_role(auth, name="boss", permissions={ADMIN}, now=NOW)
    root = await add(auth, "root@example.org", roles=["boss"])

    async def make(**fields: Any) -> User:
        return await usecases.add_user(
            auth,
            email="new@example.org",
            password=PASSWORD,
            first_name="New",
            last_name="User",
            now=NOW,
            **fields,
        )

    for fields in ({"permissions": [ADMIN]}, {"roles": ["boss"]}):
        with pytest.raises(NotPermitted):
            await make(actor=root, **fields)
    with pytest.raises(NotPermitted):
        await make(actor=msgspec.structs.replace(root, granted=frozenset()))
    assert (await make(actor=root, permissions=["a:read"])).granted == {"a:read"}
