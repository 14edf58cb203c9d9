"""The page that changes a password, and the button that logs out everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.server.test_pages import Page

from gatepass.auth import Limit, usecases

if TYPE_CHECKING:
    import httpx
    from tests.server_world import MakeWorld, World

PASSWORD = "correct horse battery"
NEW = "another good password"


async def submit(world: World, browser: httpx.AsyncClient, **changes: str) -> httpx.Response:
    fields = {"current_password": PASSWORD, "new_password": NEW, "new_again": NEW} | changes
    return await browser.post("/password", data=fields, headers={"origin": world.config.issuer})


async def test_each_field_has_a_label_and_a_password_manager_knows_them(world: World) -> None:
    browser = await world.browser()
    assert 'href="/password"' in (await browser.get("/")).text
    page = Page((await browser.get("/password")).text)
    fields = {field["id"] for field in page.all("input") if "hidden" not in field}
    assert fields == {"current", "new", "again"} == {label["for"] for label in page.all("label")}
    assert page.by_id("current")["autocomplete"] == "current-password"
    assert page.by_id("new")["autocomplete"] == page.by_id("again")["autocomplete"] == "new-password"
    whose = next(field for field in page.all("input") if field.get("autocomplete") == "username")
    assert (whose["type"], "@" in (whose["value"] or "")) == ("text", True)


async def test_who_changes_the_password_stays_logged_in_here_and_nowhere_else(world: World) -> None:
    browser, other = await world.browser(), await world.browser()
    old = dict(browser.cookies)
    answer = await submit(world, browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?done=password")
    assert dict(browser.cookies) != old
    assert "HttpOnly; SameSite=Lax" in answer.headers["set-cookie"]
    page = await browser.get("/?done=password")
    assert (page.status_code, "Your password is changed" in page.text) == (200, True)
    assert (await other.get("/")).headers["location"] == "/login"
    async with world.client(cookie="; ".join(f"{k}={v}" for k, v in old.items())) as thief:
        assert (await thief.get("/")).headers["location"] == "/login"


WRONG = {
    "a wrong current password": ({"current_password": "wrong horse"}, 403, "The current password is wrong."),
    "no current password": ({"current_password": ""}, 403, "The current password is wrong."),
    "a repetition that differs": ({"new_again": "other"}, 422, "The new password and its repetition differ."),
    "a short one": (
        {"new_password": "short", "new_again": "short"},
        422,
        "The new password needs at least 8 characters.",
    ),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG.keys())
async def test_what_is_wrong_is_said_on_the_form(world: World, case: tuple[dict[str, str], int, str]) -> None:
    changes, status, words = case
    browser = await world.browser()
    answer = await submit(world, browser, **changes)
    assert (answer.status_code, words in answer.text) == (status, True)
    assert PASSWORD not in answer.text
    assert Page(answer.text).by_id("current")["aria-describedby"] == "problem"
    assert (await browser.get("/")).status_code == 200  # still logged in, and nothing changed
    assert (await submit(world, browser)).status_code == 303  # the twin


async def test_too_many_guesses_must_wait(make_world: MakeWorld) -> None:
    world = make_world(terms={"account_limit": Limit(2, 900)})
    await usecases.keep_keys(world.auth, now=world.now)
    await world.add()
    browser = await world.browser()
    for _ in range(2):
        await submit(world, browser, current_password="wrong horse")
    answer = await submit(world, browser)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "450")
    assert "Please wait 8 minutes" in answer.text


async def test_a_crowd_is_told_to_come_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await world.browser()
    monkeypatch.setattr(world.auth.passwords, "_in_flight", 1000)
    answer = await submit(world, browser)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "There is a lot to do at this moment." in answer.text


async def test_nobody_elses_form_changes_a_password_or_logs_out(world: World) -> None:
    browser = await world.browser()
    fields = {"current_password": PASSWORD, "new_password": NEW, "new_again": NEW}
    for path in ("/password", "/sessions/end-all"):
        for headers in ({"origin": "https://evil.example"}, {}):
            assert (await browser.post(path, data=fields, headers=headers)).status_code == 403
    assert (await browser.get("/")).status_code == 200


async def test_who_is_not_logged_in_is_sent_to_log_in(world: World) -> None:
    async with world.client(origin=world.config.issuer) as client:
        assert (await client.get("/password")).headers["location"] == "/login"
        assert (await client.post("/password", data={})).status_code == 401
        assert (await client.post("/sessions/end-all")).status_code == 401


async def test_the_button_logs_out_everywhere_and_says_so(world: World) -> None:
    browser, other = await world.browser(), await world.browser()
    answer = await browser.post("/sessions/end-all", headers={"origin": world.config.issuer})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?done=everywhere")
    assert not browser.cookies
    assert "You are logged out everywhere." in (await browser.get("/login?done=everywhere")).text
    assert (await other.get("/")).headers["location"] == "/login"
