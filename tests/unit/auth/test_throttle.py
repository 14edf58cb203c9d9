"""The limit on attempts: one number a key."""

from __future__ import annotations

from typing import Any

import pytest

from gatepass.auth import Client, Limit, Terms, throttle

NOW = 1_800_000_000.3


@pytest.mark.parametrize("limit", [Limit(1, 10), Limit(3, 10), Limit(7, 900), Limit(100, 900)])
def test_so_many_at_once_and_then_one_in_each_interval(limit: Limit) -> None:
    arrival: float | None = None
    for _ in range(limit.attempts):
        arrival = throttle.charged(arrival, limit, now=NOW)
        assert arrival is not None
    assert arrival is not None
    assert throttle.charged(arrival, limit, now=NOW) is None
    later = NOW + limit.interval
    assert throttle.charged(arrival, limit, now=later - 0.1) is None
    after = throttle.charged(arrival, limit, now=later)
    assert after is not None
    assert throttle.charged(after, limit, now=later) is None


@pytest.mark.parametrize("limit", [Limit(1, 10), Limit(3, 10), Limit(7, 900)])
def test_who_waits_as_told_gets_through_and_a_second_earlier_does_not(limit: Limit) -> None:
    arrival: float | None = None
    while (after := throttle.charged(arrival, limit, now=NOW)) is not None:
        arrival = after
    assert arrival is not None
    wait = throttle.wait(arrival, limit, now=NOW)
    assert throttle.charged(arrival, limit, now=NOW + wait) is not None
    assert throttle.charged(arrival, limit, now=NOW + wait - 1.01) is None


def test_a_refund_takes_back_one_charge() -> None:
    limit = Limit(2, 10)
    one = throttle.charged(None, limit, now=NOW)
    assert one is not None
    two = throttle.charged(one, limit, now=NOW)
    assert two is not None
    assert throttle.refunded(two, limit) == pytest.approx(one)


def test_a_clock_that_is_set_back_locks_nobody_out_for_longer() -> None:
    limit = Limit(2, 10)
    arrival = throttle.charged(None, limit, now=NOW)
    assert arrival is not None
    assert throttle.charged(arrival, limit, now=NOW - 3600) is None
    assert throttle.charged(arrival, limit, now=NOW) is not None


KEYS = {
    "IPv4": ("192.0.2.7", "address:192.0.2.7"),
    "IPv4 in IPv6": ("::ffff:192.0.2.7", "address:192.0.2.7"),
    "IPv6 counts by its /64": ("2001:db8:1:2:3:4:5:6", "address:2001:db8:1:2::/64"),
    "no address at all": ("unix:", "address:unix:"),
}


@pytest.mark.parametrize("case", KEYS.values(), ids=KEYS.keys())
def test_addresses_are_counted_by_who_has_them(case: tuple[str, str]) -> None:
    assert throttle.address_key(case[0]) == case[1]


def test_accounts_are_counted_without_keeping_what_was_typed() -> None:
    key = throttle.account_key("hunter2-typed-into-the-wrong-field")
    assert "hunter2" not in key
    assert key != throttle.account_key("other")
    assert len(key) == len(throttle.account_key("\ud800"))


BAD_TERMS = {
    "no issuer": {"issuer": ""},
    "no audience": {"audience": ""},
    "no lifetime": {"access_token_lifetime": 0},
    "negative grace": {"refresh_grace": -1},
    "grace of an hour": {"refresh_grace": 3600},
    "a key shorter than its announcement": {"key_lifetime": 3600},
    "no attempt": {"account_limit": Limit(0, 900)},
    "no window": {"address_limit": Limit(1, 0)},
}


@pytest.mark.parametrize("fields", BAD_TERMS.values(), ids=BAD_TERMS.keys())
def test_terms_are_complete_or_cannot_be_built(fields: dict[str, object]) -> None:
    good: dict[str, Any] = {"issuer": "https://login.example.org", "audience": "clinic"}
    Terms(**good)
    with pytest.raises(ValueError):
        Terms(**{**good, **fields})


def test_what_a_client_says_of_itself_is_short_and_printable() -> None:
    client = Client(address="1" * 100, device="Fire\x1b[31mfox\n" + "x" * 300)
    assert len(client.address) == 64
    assert client.device.startswith("Fire[31mfoxx")
    assert len(client.device) <= 200
