"""The demo as a person sees it: points 5 and 6, and what survives when Auth is killed.

The counters are the processes' own, so exact costs are asserted only where one visitor is alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Demo, Visit, Visitor

pytestmark = pytest.mark.browser

SHORT = 15  # seconds: the page offers 5 too, in which a slow machine does not get everything done
FORMS = {"standard": "with the refresh token", "renewal": "with the expired JWT itself"}
GONE = "You have been logged out"


def wait_for_renewal(visitor: Visitor, *, after: int = 0) -> None:
    body = visitor.page.locator("body")
    expect(body).not_to_have_attribute("data-renewals", str(after), timeout=40_000)


def take_a_fresh_token(visitor: Visitor, seconds: int) -> None:
    """Whatever follows has these seconds, however slow the machine is."""
    visitor.page.get_by_label("A token lives").select_option(str(seconds))
    visitor.settle()


def row_of_this_browser(page: Page) -> str:
    row = page.locator("#my-sessions li", has_text="this browser")
    return row.get_attribute("data-sid") or ""


@pytest.mark.parametrize("form", FORMS)
def test_an_expired_token_is_renewed_without_a_word_for_one_request(visit: Visit, form: str) -> None:
    visitor = visit()
    visitor.log_in("mia", "token", lifetime=SHORT, refresh=form)
    issued = visitor.total("passes")
    before = visitor.page.locator("#jwt").inner_text()
    wait_for_renewal(visitor)
    visitor.settle()
    expect(visitor.page.locator("#happened li").first).to_contain_text(FORMS[form])
    assert visitor.page.locator("#jwt").inner_text() != before
    times, at_services, at_auth, _ = (
        now - then for now, then in zip(visitor.total("passes"), issued, strict=True)
    )
    assert (times, at_services, at_auth) == (1, 0, 1)
    visitor.load()
    assert visitor.last() == ("4", "0", "0")


def test_four_requests_refused_at_once_wait_for_one_renewal(visit: Visit) -> None:
    """The page's clock stands still, so only the Services' 401 can tell it that the token is too old."""
    visitor = visit()
    visitor.log_in("mia", "token", lifetime=SHORT)
    visitor.page.evaluate("const now = Date.now(); Date.now = () => now")
    visitor.page.wait_for_timeout((SHORT + 1) * 1000)
    visitor.load()
    assert visitor.last()[:2] == ("8", "1")
    assert set(visitor.answers().values()) == {"shown", "403"}


def test_the_lifetime_and_the_form_can_be_chosen_on_the_page(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("mia", "token")
    visitor.page.get_by_role("radio", name="expired JWT").check()
    visitor.settle()
    take_a_fresh_token(visitor, SHORT)
    expect(visitor.page.locator("#clock")).to_have_text(re.compile(r"^(1[0-5]|[0-9]) s$"))
    wait_for_renewal(visitor)
    expect(visitor.page.locator("#happened li").first).to_contain_text(FORMS["renewal"])


def test_kicked_from_a_second_browser_in_session_mode_the_next_load_is_refused(visit: Visit) -> None:
    first, second = visit(), visit()
    first.log_in("jonas", "session")
    sid = row_of_this_browser(first.page)
    second.log_in("jonas", "session")
    second.page.locator(f"#my-sessions li[data-sid='{sid}'] button").click()
    expect(second.page.locator(f"#my-sessions li[data-sid='{sid}']")).to_have_count(0)
    first.page.get_by_role("button", name="Load again").click()
    expect(first.page.get_by_role("alert")).to_contain_text(GONE)
    first.page.get_by_role("link", name="Log in again").click()
    first.give_password("jonas@clinic.example", "patient-jonas-demo")
    first.settle()
    second.load()  # the twin: the other login goes on


def test_kicked_in_token_mode_the_next_renewal_is_refused(visit: Visit) -> None:
    second = visit()
    second.log_in("jonas", "session")
    firsts = [visit() for _ in FORMS]
    for first, form in zip(firsts, FORMS, strict=True):
        first.log_in("jonas", "token", refresh=form)
    second.page.locator("#sessions-refresh").click()
    for first in firsts:
        sid = row_of_this_browser(first.page)
        take_a_fresh_token(first, SHORT)
        second.page.locator(f"#my-sessions li[data-sid='{sid}'] button").click()
        expect(second.page.locator(f"#my-sessions li[data-sid='{sid}']")).to_have_count(0)
        first.load()  # the Services ask nobody: the token is good until it expires
        assert first.answers()["profile"] == "shown"
    for first in firsts:
        expect(first.page.get_by_role("alert")).to_contain_text(GONE, timeout=40_000)
        assert first.renewals() == 0


def test_the_admin_sees_all_live_sessions_and_kicks_one(visit: Visit) -> None:
    patient, admin = visit(), visit()
    patient.log_in("mia", "session")
    sid = row_of_this_browser(patient.page)
    admin.log_in("ada", "token")
    row = admin.page.locator(f"#all-sessions li[data-sid='{sid}']")
    expect(row).to_contain_text("Mia Novak")
    row.get_by_role("button").click()
    expect(row).to_have_count(0)
    patient.page.get_by_role("button", name="Load again").click()
    expect(patient.page.get_by_role("alert")).to_contain_text(GONE)
    admin.load()


def test_who_is_no_admin_sees_no_list_of_everybody(visit: Visit, demo: Demo) -> None:
    visitor = visit()
    visitor.log_in("rosa")
    expect(visitor.page.locator("#admin")).to_be_hidden()
    answer = visitor.page.request.get(f"{demo.auth}/api/admin/sessions")
    assert answer.status == 403


def test_kicking_oneself_out_says_what_happened(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("rosa", "session")
    visitor.page.locator("#my-sessions li", has_text="this browser").get_by_role("button").click()
    expect(visitor.page.locator("#my-sessions")).to_contain_text("Auth no longer knows this login")
    visitor.page.get_by_role("button", name="Load again").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text(GONE)


def test_auth_killed_in_token_mode_the_services_go_on_and_no_session_or_refresh_record_is_lost(
    visit: Visit, demo: Demo
) -> None:
    by_refresh_token, by_jwt, by_session = visit(), visit(), visit()
    by_refresh_token.log_in("mia", "token", refresh="standard")
    by_jwt.log_in("clara", "token", refresh="renewal")
    by_session.log_in("tomas", "session")
    for visitor in (by_jwt, by_refresh_token):
        take_a_fresh_token(visitor, SHORT)
    demo.kill_auth()
    renewed = {visitor.page: visitor.renewals() for visitor in (by_jwt, by_refresh_token)}
    by_refresh_token.load()
    assert by_refresh_token.last() == ("4", "–", "–")  # nobody there to count
    assert by_refresh_token.answers()["appointments"] == "shown"
    by_session.load()
    assert set(by_session.answers().values()) == {"503"}
    demo.bring_auth_back()
    by_session.load()
    for visitor in (by_refresh_token, by_jwt):
        wait_for_renewal(visitor, after=renewed[visitor.page])
        visitor.load()
    for visitor in (by_refresh_token, by_jwt, by_session):
        assert set(visitor.answers().values()) <= {"shown", "403"}
