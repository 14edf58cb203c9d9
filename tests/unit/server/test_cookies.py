"""The cookie: flags by scheme, and no value where there are two."""

import os

import pytest

from gatepass.auth import SessionId
from gatepass.server.cookies import SessionCookie

HTTPS = SessionCookie.for_scheme(https=True)
HTTP = SessionCookie.for_scheme(https=False)


def test_on_https_it_is_bound_to_the_host() -> None:
    assert HTTPS.given("gps_x") == b"__Host-gatepass_session=gps_x; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_on_this_machine_it_is_not_secure() -> None:
    assert HTTP.given("gps_x") == b"gatepass_session=gps_x; Path=/; HttpOnly; SameSite=Lax"


def test_taken_back_it_has_the_same_flags_and_no_life() -> None:
    taken = b"__Host-gatepass_session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0"
    assert HTTPS.taken_back() == taken


def test_any_browser_has_room_for_it() -> None:
    secret = SessionId.new(os.urandom).reveal()
    assert len(HTTPS.given(secret)) < 4_096


READ: dict[str, tuple[list[str], str | None]] = {
    "alone": (["gatepass_session=gps_x"], "gps_x"),
    "among others": (["a=b; gatepass_session=gps_x; c=d"], "gps_x"),
    "in a second header": (["a=b", "gatepass_session=gps_x"], "gps_x"),
    "without spaces": (["a=b;gatepass_session=gps_x"], "gps_x"),
    "absent": (["a=b"], None),
    "no cookies": ([], None),
    "a longer name": (["xgatepass_session=gps_x"], None),
    "another case": (["Gatepass_Session=gps_x"], None),
    "no value": (["gatepass_session"], None),
    "planted twice": (["gatepass_session=gps_x; gatepass_session=gps_y"], None),
    "planted twice, in two headers": (["gatepass_session=gps_x", "gatepass_session=gps_x"], None),
}


@pytest.mark.parametrize("name", READ)
def test_read(name: str) -> None:
    given, value = READ[name]
    assert HTTP.read([(b"cookie", text.encode()) for text in given]) == value


def test_on_https_the_plain_name_is_nobody() -> None:
    assert HTTPS.read([(b"cookie", b"gatepass_session=gps_x")]) is None
