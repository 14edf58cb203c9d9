"""The demo as a person sees it: Auth is stopped, each Service's view gets older, and its contract says no."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator
    from tests.browser.conftest import Demo, Visit, Visitor

pytestmark = pytest.mark.browser

SERVICES = ("users", "appointments")


@pytest.fixture
def auth_back(demo: Demo) -> Iterator[None]:
    """Whatever happens in between, the next test finds Auth running."""
    yield
    if demo.process.poll() is None and demo.auth_has_stopped:
        demo.bring_auth_back()


def view(visitor: Visitor, service: str) -> Locator:
    return visitor.page.locator(f"#views li[data-service='{service}']")


def age(visitor: Visitor, service: str) -> int:
    return int(view(visitor, service).locator(".age").inner_text())


def press(visitor: Visitor, name: str) -> None:
    visitor.page.locator("#freshness").get_by_role("button", name=name).click()


@pytest.mark.usefixtures("auth_back")
def test_past_the_contract_the_services_say_503_and_all_is_well_when_auth_is_back(visit: Visit) -> None:
    by_token, by_session = visit(), visit()
    by_token.log_in("mia", "token")
    by_session.log_in("clara", "session")
    expect(by_token.page.locator("#contract")).to_contain_text("older than 15 s")
    for service in SERVICES:
        expect(view(by_token, service)).to_have_attribute("data-late", "false")
    press(by_token, "Stop Auth")
    expect(by_token.page.locator("#auth-state")).to_have_text("Auth is stopped")
    expect(by_token.page.locator("#happened")).to_contain_text("Auth has stopped.")
    before = {service: age(by_token, service) for service in SERVICES}
    for service in SERVICES:
        expect(view(by_token, service)).to_have_attribute("data-late", "true")
        assert age(by_token, service) > before[service]
    for visitor in (by_token, by_session):
        expect(visitor.page.locator("#profile")).to_have_attribute("data-answer", "503")
        expect(visitor.page.locator("#profile")).to_contain_text(
            re.compile(r"503, to be asked again in \d+ s\. You are still")
        )
    press(by_token, "Start Auth")
    for visitor in (by_token, by_session):  # without anybody pressing a button
        expect(visitor.page.locator("#profile")).to_have_attribute("data-answer", "shown")
        expect(visitor.page.locator("#happened")).to_contain_text("Auth is back.")
        visitor.settle()
        visitor.load()
        assert set(visitor.answers().values()) <= {"shown", "403"}


@pytest.mark.usefixtures("auth_back")
def test_services_that_start_while_auth_is_stopped_let_in_who_has_a_token(visit: Visit, demo: Demo) -> None:
    """They find the keys and the view on disk, as old as they are."""
    visitor = visit()
    visitor.log_in("mia", "token", lifetime=600)
    start_without_auth(visitor, demo)
    for _ in range(5):
        if visitor.answers()["profile"] != "503":
            break
        press(visitor, "Start Auth")  # on a machine so slow that the contract ended before they had started
        start_without_auth(visitor, demo)
    assert visitor.answers()["profile"] == "shown"
    assert age(visitor, "users") > 0


def start_without_auth(visitor: Visitor, demo: Demo) -> None:
    """Stop Auth, let both Services start anew, and load."""
    for service in SERVICES:
        expect(view(visitor, service)).to_have_attribute("data-late", "false")
    press(visitor, "Stop Auth")
    expect(visitor.page.locator("#auth-state")).to_have_text("Auth is stopped")
    before = len(demo.said)
    press(visitor, "Restart the Services")
    for service in SERVICES:
        demo.wait_for(f"{service} is back", behind=before)
        expect(view(visitor, service)).to_contain_text("heard from Auth")
    visitor.load()


def test_only_the_clinics_own_page_may_turn_the_switch(visit: Visit, demo: Demo) -> None:
    visitor = visit()
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": demo.auth}):
        for order in ("stop-auth", "start-auth", "restart-services"):
            answer = visitor.page.request.post(f"{demo.page}demo/switch/{order}", headers=headers)
            assert answer.status == 403
    own = {"Origin": demo.page.rstrip("/")}
    assert visitor.page.request.post(f"{demo.page}demo/switch/start-auth", headers=own).status == 202
    assert visitor.page.request.post(f"{demo.page}demo/switch/format-disk", headers=own).status == 422
