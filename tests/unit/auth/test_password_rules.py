"""What may become a password."""

from __future__ import annotations

import pytest
from tests.unit.auth.house import make_auth

from gatepass.auth import InvalidInput, passwords
from gatepass.auth.password_rules import check_new_password, commonest, words_about

ABOUT = words_about(terms=make_auth().terms, email="ada.lovelace@example.org", names=("Ada", "O'Neil-Byron"))

REFUSED = {
    "seven characters": "k3Vm9qT",
    "longer than any passphrase": "x" * (passwords.MAX_LENGTH + 1),
    "no text": "k3Vm9qTz\ud800",
    "the commonest": "password",
    "the commonest, in capitals": "PassWord1",
    "the commonest without letters": "1234567890",
    "her name and a year": "Lovelace1815",
    "her e-mail address": "ada.lovelace@example.org",
    "part of a double name": "byron-byron-99",
    "the site": "Clinic2026!",
    "the product": "gatepass123",
}
TAKEN = {
    "eight characters": "k3Vm9qTz",
    "no rules of composition": "korrekt pferd batterie",
    "any script, any character": "ЖукÀ🐴 漢字 ok",
    "a hundred and twenty-eight": "wide lawn " * 12 + "12345678",
    "a name among others": "lovelace wrote notes on engines",
    "a short name by chance": "adabrick77x",
}


@pytest.mark.parametrize("password", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new_password(password, about=ABOUT)
    assert password not in refused.value.reason


@pytest.mark.parametrize("password", TAKEN.values(), ids=TAKEN.keys())
def test_what_is_taken_as_it_is(password: str) -> None:
    assert check_new_password(password, about=ABOUT) == password


def test_the_list_has_more_than_asvs_asks_for() -> None:
    assert len(commonest()) > 3_000
    assert min(map(len, commonest())) == 8
