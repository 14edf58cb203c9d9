"""The demo as a person sees it: points 1 to 4."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from tests.browser.conftest import Demo, Visit

pytestmark = pytest.mark.browser

MODES = ("session", "token")
SHOWN = {"profile": "shown", "people": "shown", "appointments": "shown", "slots": "shown"}
COST = {"session": ("4", "4", "4"), "token": ("4", "0", "0")}

# What the Services show to each role: the people, and the patients in the list of appointments.
ROLES = {
    "mia": (SHOWN | {"people": "403"}, set(), {"Mia Novak"}),
    "clara": (SHOWN, {"Mia Novak", "Jonas Weber"}, {"Mia Novak", "Jonas Weber"}),
    "tomas": (SHOWN, {"Leila Aziz"}, {"Mia Novak", "Jonas Weber", "Leila Aziz"}),
    "rosa": (SHOWN, {"Mia Novak", "Clara Stein", "Ada Berg"}, {"Mia Novak", "Jonas Weber", "Leila Aziz"}),
    "ada": (SHOWN, {"Mia Novak", "Clara Stein", "Rosa Marin"}, {"Mia Novak", "Jonas Weber", "Leila Aziz"}),
}


@pytest.mark.parametrize("who", ROLES)
def test_a_role_sees_what_its_permissions_allow_in_both_modes(visit: Visit, who: str) -> None:
    answers, people, patients = ROLES[who]
    visitor = visit()
    visitor.log_in(who, "token")
    for mode in MODES:
        visitor.switch(mode)
        assert visitor.answers() == answers
        names = set(visitor.page.locator("#people .row-main strong").all_inner_texts())
        assert people <= names
        assert bool(names) == bool(people)
        shown = visitor.page.locator("#appointments .row-main > span").all_inner_texts()
        assert {line.partition(" · ")[0] for line in shown} == patients


def test_a_forbidden_section_says_so(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("mia")
    expect(visitor.page.locator("#people")).to_contain_text("Not for you.")


@pytest.mark.parametrize("mode", MODES)
def test_a_page_load_costs_what_its_mode_costs(visit: Visit, mode: str) -> None:
    visitor = visit()
    visitor.log_in("clara", mode)
    for _ in range(3):
        visitor.load()
        assert visitor.last() == COST[mode]
    services, auth, lookups = (int(figure) for figure in COST[mode])
    assert visitor.total(mode) == [4, 4 * services, 4 * auth, 4 * lookups]


def test_the_switch_works_live_and_the_totals_of_both_modes_stand_side_by_side(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("mia", "token")
    for mode in ("session", "token", "session"):
        visitor.switch(mode)
        assert visitor.last() == COST[mode]
    visitor.page.get_by_role("button", name="× 10").click()
    visitor.settle()
    assert visitor.total("session") == [12, 48, 48, 48]
    assert visitor.total("token") == [2, 8, 0, 0]


def test_the_totals_survive_a_reload_and_can_start_anew(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("mia", "session")
    visitor.page.reload()
    visitor.settle()
    assert visitor.total("session") == [2, 8, 8, 8]
    visitor.page.get_by_role("button", name="Start counting anew").click()
    assert visitor.total("session") == [0, 0, 0, 0]


def test_the_token_is_taken_apart_in_three_colours_with_a_clock(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("clara", "token")
    page = visitor.page
    parts = [page.locator(f"#jwt .jwt-{part}") for part in ("header", "payload", "signature")]
    colours = {part.evaluate("node => getComputedStyle(node).color") for part in parts}
    assert len(colours) == 3
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", page.locator("#jwt").inner_text())
    expect(page.locator("#jwt-header")).to_contain_text("ES256")
    expect(page.locator("#jwt-payload")).to_contain_text("Clara Stein")
    unexplained = page.locator("#pass .meaning").filter(has_text=re.compile(r"^$"))
    assert unexplained.count() == 0
    first = page.locator("#clock").inner_text()
    expect(page.locator("#clock")).not_to_have_text(first)


def test_the_session_id_stands_beside_what_auth_answers_for_it(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("clara", "session")
    cookie = next(one for one in visitor.context.cookies() if one["name"] == "gatepass_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    expect(visitor.page.locator("#session-id")).to_have_text(cookie["value"])
    expect(visitor.page.locator("#session-answer")).to_contain_text('"active": true')
    assert cookie["value"] not in visitor.page.evaluate("document.cookie")


@pytest.mark.parametrize("mode", MODES)
def test_a_patient_books_a_slot_and_gives_it_back(visit: Visit, mode: str) -> None:
    visitor = visit()
    visitor.log_in("leila", mode)
    page = visitor.page
    free = page.locator("#slots li").count()
    page.get_by_role("button", name=re.compile("^Book ")).first.click()
    expect(page.locator("#slots li")).to_have_count(free - 1)
    visitor.settle()
    page.get_by_role("button", name="Cancel: Booked online").click()
    expect(page.locator("#slots li")).to_have_count(free)
    visitor.settle()


def test_the_log_in_works_without_javascript(visit: Visit, demo: Demo) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.page.goto(f"{demo.auth}/login?return_to={demo.page}")
    visitor.give_password("mia@clinic.example", "patient-mia-demo")
    visitor.page.wait_for_url(demo.page)
    assert [cookie["name"] for cookie in visitor.context.cookies()] == ["gatepass_session"]


def test_a_wrong_password_and_an_unknown_person_read_the_same(visit: Visit, demo: Demo) -> None:
    visitor = visit(java_script_enabled=False)
    said = []
    for email in ("rosa@clinic.example", "nobody@clinic.example"):
        visitor.page.goto(f"{demo.auth}/login?return_to={demo.page}")
        visitor.give_password(email, "not the password")
        said.append(visitor.page.get_by_role("alert").inner_text())
    assert said[0] == said[1] != ""
    assert visitor.context.cookies() == []


def test_the_log_in_can_be_done_with_the_keyboard_alone(visit: Visit, demo: Demo) -> None:
    visitor = visit()
    visitor.choose_before(mode="token")
    visitor.page.goto(demo.page)
    visitor.page.get_by_role("link", name="Log in at Auth").press("Enter")
    visitor.page.get_by_label("E-mail").press_sequentially("mia@clinic.example")
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.type("patient-mia-demo")
    visitor.page.keyboard.press("Enter")
    visitor.settle()


@pytest.mark.parametrize("mode", MODES)
def test_a_phone_scrolls_in_one_direction_only(visit: Visit, demo: Demo, mode: str) -> None:
    visitor = visit(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    visitor.page.goto(f"{demo.auth}/login?return_to={demo.page}")
    width = "document.documentElement.scrollWidth"
    assert visitor.page.evaluate(width) <= 360
    visitor.page.goto(demo.page)
    visitor.page.get_by_role("link", name="Log in at Auth").wait_for()
    assert visitor.page.evaluate(width) <= 360
    visitor.log_in("ada", mode)
    assert visitor.page.evaluate(width) <= 360


def test_logging_out_leads_back_to_the_start(visit: Visit) -> None:
    visitor = visit()
    visitor.log_in("mia")
    visitor.page.get_by_role("button", name="Log out").click()
    expect(visitor.page.get_by_text("You are logged out.")).to_be_visible()
    visitor.page.reload()
    expect(visitor.page.get_by_role("link", name="Log in at Auth")).to_be_visible()


def test_only_the_clinics_own_page_may_look_at_the_cookie(visit: Visit, demo: Demo) -> None:
    visitor = visit()
    visitor.log_in("mia", "session")
    look = "fetch('/demo/session').then(answer => answer.status)"
    assert visitor.page.evaluate(look) == 200
    for headers in ({}, {"Sec-Fetch-Site": "same-site"}):  # with the cookie, but from no page of ours
        assert visitor.page.request.get(f"{demo.page}demo/session", headers=headers).status == 403


def test_a_foreign_page_cannot_book_with_the_cookie(visit: Visit, demo: Demo) -> None:
    visitor = visit()
    visitor.log_in("mia", "session")
    mine = visitor.page.locator("#appointments li").count()
    url = f"http://127.0.0.1:{demo.port + 2}/api/v1/appointments"
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
        assert visitor.page.request.post(url, data={"slot": 1}, headers=headers).status == 403
    visitor.load()
    assert visitor.page.locator("#appointments li").count() == mine


def test_the_page_runs_its_own_scripts_only(visit: Visit, demo: Demo) -> None:
    policy = visit().page.request.get(demo.page).headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == "'self'"
