"""Users are found by the beginning of an address or a name, and by role; each once, a part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.contract.samples import user

from gatepass.auth import By, UserAdded, UserChanged, UserDeleted, finding

if TYPE_CHECKING:
    from gatepass.auth import Store

PEOPLE: dict[str, Any] = {
    "ada": {"first_name": "Ada", "last_name": "Lovelace", "roles": frozenset({"doctor"})},
    "adam": {"first_name": "Adam", "last_name": "Adams", "roles": frozenset({"doctor", "nurse"})},
    "zoe": {"first_name": "Zoë", "last_name": "MÜLLER-Straße", "roles": frozenset({"nurse"})},
    "bo": {"first_name": "Bo", "last_name": "Bo"},
}

FOUND = {
    "an address": (By.EMAIL, "adam@example.org", ["adam"]),
    "the beginning of one, in capitals": (By.EMAIL, "ADA", ["ada", "adam"]),
    "an address with a wildcard": (By.EMAIL, "ad%", []),
    "a first name": (By.NAME, "Adam", ["adam"]),
    "the beginning of both names": (By.NAME, "ad", ["ada", "adam"]),
    "a last name": (By.NAME, "love", ["ada"]),
    "both": (By.NAME, "ada  LOVE", ["ada"]),
    "both, turned": (By.NAME, "lovelace a", ["ada"]),
    "letters that fold": (By.NAME, "müller-STRASSE", ["zoe"]),
    "first and last name alike": (By.NAME, "bo", ["bo"]),
    "an underscore is no wildcard": (By.NAME, "_o", []),
    "a role": (By.ROLE, "nurse", ["adam", "zoe"]),
    "a role as it is written": (By.ROLE, "NURSE", []),
    "the beginning of a role": (By.ROLE, "nur", []),
}


async def people(store: Store) -> None:
    await store.commit(*(UserAdded(user(name, **fields), "h") for name, fields in PEOPLE.items()))


async def found(store: Store, by: By, text: str, *, at_once: int = 100) -> list[str]:
    """Page to the end; gives the users' names in the samples."""
    names: list[str] = []
    after = None
    while page := await store.find_users(finding.searched(by, text), after, at_once):
        names += [one.user.id.removeprefix("user-") for one in page]
        after = page[-1].place
    return names


@pytest.mark.parametrize(("by", "text", "wanted"), FOUND.values(), ids=FOUND.keys())
async def test_who_is_found_by_what(store: Store, by: By, text: str, wanted: list[str]) -> None:
    await people(store)
    assert sorted(await found(store, by, text)) == wanted
    assert sorted(await found(store, by, text, at_once=1)) == wanted


async def test_who_is_renamed_or_deleted_is_found_no_more(store: Store) -> None:
    await people(store)
    ada = user("ada", **PEOPLE["ada"])
    await store.commit(UserChanged(user("ada", first_name="Augusta", last_name="King", epoch=4), ada.epoch))
    assert await found(store, By.NAME, "love") == []
    assert await found(store, By.ROLE, "doctor") == ["adam"]
    assert await found(store, By.NAME, "king") == ["ada"]
    await store.commit(UserDeleted("user-ada", 4))
    assert await found(store, By.NAME, "king") == []
