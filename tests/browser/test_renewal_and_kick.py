"""The demo as a person sees it: points 5 and 6, and what survives when Auth is killed.

The counters are the processes' own, so exact costs are asserted only where one visitor is alone.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from tests.browser.conftest import Demo, Visit, Visitor

pytestmark = pytest.mark.browser

SHORT = 15  # seconds: the page offers 5 too, in which a slow machine does not get everything done
LONG = 600  # seconds: in these no token runs out, so that what is renewed has another cause
FORMS = {"standard": "with the refresh token", "renewal": "with the expired JWT itself"}
GONE = "You have been logged out"
MODES = ("session", "token")
SAID_CHANGED = {
    "token": "Your permissions changed; renewed in silence, without a new login.",
    "session": "Your permissions changed; in session mode there is nothing to renew, and no new login.",
}


def wait_for_renewal(visitor: Visitor, *, after: int = 0) -> None:
    body = visitor.page.locator("body")
    expect(body).not_to_have_attribute("data-renewals", str(after))


def take_a_fresh_token(visitor: Visitor, seconds: int) -> None:
    """Whatever follows has these seconds, however slow the machine is."""
    visitor.page.get_by_label("A token lives").select_option(str(seconds))
    visitor.settle()


def row_of_this_browser(page: Page) -> str:
    row = page.locator("#my-sessions li", has_text="this browser")
    return row.get_attribute("data-sid") or ""


def measured(visitor: Visitor) -> dict[str, float]:
    """The milliseconds that the page shows for each Service."""
    rows = visitor.page.locator("#measured tr").all()
    return {
        row.get_attribute("data-service") or "": float(row.locator("td").inner_text().removesuffix("ms"))
        for row in rows
    }


def wait_for_refusal(visitor: Visitor, url: str) -> None:
    """Ask a Service with the page's token until it says no."""
    token = visitor.page.locator("#jwt").inner_text()
    headers = {"Authorization": f"Bearer {token}"}
    deadline = time.monotonic() + PATIENCE
    while (status := visitor.page.request.get(url, headers=headers).status) != 401:
        assert status == 200
        assert time.monotonic() < deadline
        visitor.page.wait_for_timeout(50)


@pytest.mark.parametrize("form", FORMS)
def test_an_expired_token_is_renewed_without_a_word_for_one_request(visit: Visit, form: str) -> None:
    visitor = visit()
    visitor.log_in("mia", "token", lifetime=SHORT, refresh=form)
    renewals, issued = visitor.renewals(), visitor.total("passes")
    before = visitor.page.locator("#jwt").inner_text()
    wait_for_renewal(visitor, after=renewals)
    visitor.settle()
    expect(visitor.page.locator("#happened li").first).to_contain_text(FORMS[form])
    assert visitor.page.locator("#jwt").inner_text() != before
    times, at_services, at_auth, _ = (
        now - then for now, then in zip(visitor.total("passes"), issued, strict=True)
    )
    assert times  # once, where the machine is not so slow that the next one runs out too
    assert (at_services, at_auth) == (0, times)
    visitor.load()
    assert visitor.last() == ("4", "0", "0")


def test_four_requests_refused_at_once_wait_for_one_renewal(visit: Visit, demo: Demo) -> None:
    """The page's clock stands still, so only the Services' 401 can tell it that the token is too old."""
    visitor = visit()
    visitor.hear_nothing()  # nor the open request
    visitor.log_in("mia", "token", lifetime=SHORT)
    visitor.page.evaluate("const now = Date.now(); Date.now = () => now")
    wait_for_refusal(visitor, f"{demo.page}api/v1/users/me")
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


@pytest.mark.parametrize("mode", MODES)
def test_kicked_from_a_second_browser_the_open_page_is_refused_and_says_after_how_long(
    visit: Visit, mode: str
) -> None:
    first, second = visit(), visit()
    first.log_in("jonas", mode)
    second.log_in("jonas", "session")
    sid = row_of_this_browser(first.page)
    second.page.locator(f"#my-sessions li[data-sid='{sid}'] button").click()
    expect(first.page.get_by_role("alert")).to_contain_text(GONE)
    assert set(measured(first)) == {"users", "appointments"}
    expect(second.page.locator("#happened")).to_contain_text(
        re.compile(r"refused by users after \d+(\.\d)? ms")
    )
    first.page.get_by_role("link", name="Log in again").click()
    first.give_password("jonas@clinic.example", "patient-jonas-demo")
    first.settle()
    second.load()  # the twin: the other login goes on


@pytest.mark.parametrize("form", FORMS)
def test_a_token_that_was_kicked_out_is_refused_and_cannot_be_renewed(
    visit: Visit, demo: Demo, form: str
) -> None:
    first, second = visit(), visit()
    first.hear_nothing()  # so that the page hears nothing
    first.log_in("jonas", "token", refresh=form)
    second.log_in("jonas", "session")
    sid = row_of_this_browser(first.page)
    second.page.locator(f"#my-sessions li[data-sid='{sid}'] button").click()
    expect(second.page.locator(f"#my-sessions li[data-sid='{sid}']")).to_have_count(0)
    for service in (f"{demo.page}api/v1/users/me", f"http://127.0.0.1:{demo.port + 2}/api/v1/appointments"):
        wait_for_refusal(first, service)
    first.page.get_by_role("button", name="Load again").click()
    expect(first.page.get_by_role("alert")).to_contain_text(GONE)
    assert first.renewals() == 0


def test_the_admin_sees_all_live_sessions_and_kicks_one(visit: Visit) -> None:
    patient, admin = visit(), visit()
    patient.log_in("mia", "token")
    sid = row_of_this_browser(patient.page)
    admin.log_in("ada", "token")
    row = admin.page.locator(f"#all-sessions li[data-sid='{sid}']")
    expect(row).to_contain_text("Mia Novak")
    row.get_by_role("button").click()
    expect(row).to_have_count(0)
    expect(patient.page.get_by_role("alert")).to_contain_text(GONE)
    assert set(measured(patient)) == {"users", "appointments"}
    admin.load()


def test_who_is_no_admin_sees_no_list_of_everybody(visit: Visit, demo: Demo) -> None:
    visitor = visit()
    visitor.log_in("rosa")
    expect(visitor.page.locator("#admin")).to_be_hidden()
    answer = visitor.page.request.get(f"{demo.auth}/api/admin/sessions")
    assert answer.status == 403


@pytest.mark.parametrize("mode", MODES)
def test_kicking_oneself_out_shows_the_measured_milliseconds(visit: Visit, mode: str) -> None:
    visitor = visit()
    visitor.log_in("rosa", mode)
    visitor.page.locator("#my-sessions li", has_text="this browser").get_by_role("button").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text(GONE)
    assert set(measured(visitor)) == {"users", "appointments"}
    visitor.page.reload()
    expect(visitor.page.get_by_role("link", name="Log in at Auth")).to_be_visible()


@pytest.mark.parametrize("mode", MODES)
def test_a_role_given_and_taken_shows_in_the_open_page_without_a_new_login(visit: Visit, mode: str) -> None:
    patient, admin = visit(), visit()
    patient.log_in("leila", mode, lifetime=LONG)
    session = row_of_this_browser(patient.page)
    admin.log_in("ada")
    button = admin.page.locator("#all-people li[data-email='leila@clinic.example']").get_by_role(
        "button", name="receptionist"
    )
    for pressed, roles, people in (
        ("true", "patient, receptionist", "shown"),
        ("false", "patient", "403"),
    ):
        button.click()
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(patient.page.locator("#happened")).to_contain_text(
            SAID_CHANGED[mode] + f" Your roles: {roles}."
        )
        expect(patient.page.locator("#who-roles")).to_have_text(roles)
        expect(patient.page.locator("#people")).to_have_attribute("data-answer", people)
        patient.settle()
    assert row_of_this_browser(patient.page) == session
    assert patient.renewals() == {"token": 2, "session": 0}[mode]


def test_a_service_that_says_token_stale_is_enough_for_a_silent_renewal(visit: Visit) -> None:
    """Without the open request that tells the page at once, the next load finds out."""
    patient, admin = visit(), visit()
    patient.hear_nothing()
    patient.log_in("mia", "token", lifetime=LONG)
    admin.log_in("ada")
    row = admin.page.locator("#all-people li[data-email='mia@clinic.example']")
    for roles in ("doctor, patient", "patient"):
        row.get_by_role("button", name="doctor").click()
        expect(admin.page.locator("#happened li").first).to_contain_text(f"Mia Novak is now: {roles}.")
        patient.load_until(f"{SAID_CHANGED['token']} Your roles: {roles}.")
        expect(patient.page.locator("#who-roles")).to_have_text(roles)


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
    expect(by_session.page.locator("#profile")).to_have_attribute("data-answer", "shown")
    for visitor in (by_refresh_token, by_jwt):
        wait_for_renewal(visitor, after=renewed[visitor.page])
        visitor.load()
    for visitor in (by_refresh_token, by_jwt, by_session):
        assert set(visitor.answers().values()) <= {"shown", "403"}
