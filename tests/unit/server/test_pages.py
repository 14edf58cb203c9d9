"""The pages: they work without a script, say what to do, and show what a person may see."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from tests.server_world import sent

from gatepass.auth import Client, Contended, Limit, PasswordsBusy, StorageUnavailable, usecases
from gatepass.server.pages import ago, wait

if TYPE_CHECKING:
    import httpx
    from tests.server_world import MakeWorld, World

PASSWORD = "correct horse battery"
APP = "http://127.0.0.1:8001"


class Page(HTMLParser):
    """A page as a program for the blind would see it: elements by tag, with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def by_id(self, wanted: str) -> dict[str, str | None]:
        return next(attributes for _, attributes in self.elements if attributes.get("id") == wanted)


async def post_login(
    world: World, *, email: str = "ann@example.org", password: str = PASSWORD, return_to: str = ""
) -> httpx.Response:
    async with world.client(origin=world.config.issuer) as client:
        form = {"email": email, "password": password} | ({"return_to": return_to} if return_to else {})
        return await client.post("/login", data=form)


async def test_in_a_crowd_the_form_comes_back_and_says_to_wait(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def verify(*_: object) -> bool:
        raise PasswordsBusy

    monkeypatch.setattr(world.auth.passwords, "verify", verify)
    answer = await post_login(world)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "Please try again in a few seconds." in answer.text
    assert Page(answer.text).by_id("email")["value"] == "ann@example.org"


async def test_each_field_of_the_form_has_a_label(world: World) -> None:
    async with world.client() as client:
        page = Page((await client.get("/login")).text)
    fields = {f["id"] for f in page.all("input") if f.get("type") != "hidden"}
    assert fields == {"email", "password"} == {label["for"] for label in page.all("label")}
    assert page.by_id("email")["autocomplete"] == "username"
    assert page.by_id("password")["autocomplete"] == "current-password"
    assert "autofocus" in page.by_id("email")


TROUBLES: dict[str, Exception] = {
    "somebody else was quicker, five times": Contended(),
    "the disk is full": StorageUnavailable("SQLite: SQLITE_FULL"),
    "a fault of our own": RuntimeError("unheard of"),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
async def test_who_is_logged_in_anew_is_let_in_though_the_old_session_will_not_end(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: Exception
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise trouble

    browser = await world.browser()
    monkeypatch.setattr(usecases, "log_out", fail)
    form = {"email": "ann@example.org", "password": PASSWORD}
    answer = await browser.post("/login", data=form, headers={"origin": world.config.issuer})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await browser.get("/")).status_code == 200
    assert "the previous session was not ended" in caplog.text


async def test_a_new_log_in_ends_the_browsers_old_session(world: World) -> None:
    browser = await world.browser()
    (old,) = await world.auth.store.live_sessions(world.now, None, 9)
    form = {"email": "ann@example.org", "password": PASSWORD}
    await browser.post("/login", data=form, headers={"origin": world.config.issuer})
    (new,) = await world.auth.store.live_sessions(world.now, None, 9)
    assert new[0].sid != old[0].sid


async def test_no_page_has_a_script_or_a_style_of_its_own(world: World) -> None:
    browser = await world.browser()
    for path in ("/login", "/", "/logout", "/nowhere"):
        page = Page((await browser.get(path, follow_redirects=True)).text)
        assert not page.all("script")
        assert not page.all("style")
        assert not [a for _, attributes in page.elements for a in attributes if a == "style" or a[:2] == "on"]


async def test_the_style_sheet_is_there_and_cached_for_ever(world: World) -> None:
    async with world.client() as client:
        for link in Page((await client.get("/login")).text).all("link"):
            answer = await client.get(str(link["href"]))
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (await client.get("/static/0/gatepass.css")).status_code == 404


LOGIN_FAILURES = {
    "a wrong password": {"password": "wrong horse"},
    "an unknown address": {"email": "nobody@example.org"},
    "no address at all": {"email": "nobody"},
    "a disabled user": {"email": "gone@example.org"},
    "a password that can't be one": {"password": "x" * 1025},
}


@pytest.mark.parametrize("name", LOGIN_FAILURES)
async def test_a_failed_login_says_one_thing_for_every_cause(world: World, name: str) -> None:
    await world.add("gone@example.org")
    await usecases.disable_user(world.auth, email="gone@example.org", actor="cli", now=world.now)
    answer = await post_login(world, **LOGIN_FAILURES[name])
    page = Page(answer.text)
    assert answer.status_code == 401
    assert "E-mail address or password is wrong. Check both and try again." in answer.text
    assert page.by_id("problem")["role"] == "alert"
    assert page.by_id("password")["aria-describedby"] == "problem"
    assert "set-cookie" not in answer.headers


async def test_what_was_typed_comes_back_escaped_and_the_password_does_not(world: World) -> None:
    typed = '"><script>alert(1)</script>'
    answer = await post_login(world, email=typed, password="a very secret word")
    assert typed not in answer.text
    assert Page(answer.text).by_id("email")["value"] == typed
    assert "a very secret word" not in answer.text
    assert "autofocus" in Page(answer.text).by_id("password")


@pytest.mark.parametrize(
    ("email", "password", "words"),
    [("", PASSWORD, "E-mail address is missing."), ("ann@example.org", "", "Password is missing.")],
)
async def test_a_missing_field_is_named(world: World, email: str, password: str, words: str) -> None:
    answer = await post_login(world, email=email, password=password)
    assert answer.status_code == 422
    assert words in answer.text


async def test_a_good_login_sets_the_cookie_and_returns_to_the_app(world: World) -> None:
    answer = await post_login(world, return_to=f"{APP}/page?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{APP}/page?a=1")
    assert answer.headers["set-cookie"].startswith("gatepass_session=gps_")
    assert answer.headers["cache-control"] == "no-store"


async def test_the_way_back_is_kept_through_errors(world: World) -> None:
    answer = await post_login(world, password="wrong horse", return_to=f"{APP}/page")
    page = Page(answer.text)
    assert [f["value"] for f in page.all("input") if f.get("name") == "return_to"] == [f"{APP}/page"]
    assert page.all("form")[0]["action"] == "/login?return_to=http%3A%2F%2F127.0.0.1%3A8001%2Fpage"


async def test_who_is_logged_in_is_sent_on_at_once(world: World) -> None:
    browser = await world.browser()
    answer = await browser.get("/login", params={"return_to": f"{APP}/"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{APP}/")


async def test_too_many_attempts_are_told_when_to_come_back(make_world: MakeWorld) -> None:
    world = make_world(terms={"account_limit": Limit(2, 900)})
    for _ in range(2):
        assert (await post_login(world)).status_code == 401
    answer = await post_login(world)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "450")
    assert "Too many attempts. Please wait 8 minutes, then try again." in answer.text


async def test_a_crowd_at_the_door_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.auth.passwords, "_in_flight", 1000)
    answer = await post_login(world)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "Please try again in a few seconds." in answer.text


async def test_a_new_login_in_the_same_browser_replaces_the_old_session(world: World) -> None:
    browser = await world.browser()
    old = browser.cookies["gatepass_session"]
    form = {"email": "ann@example.org", "password": PASSWORD}
    await browser.post("/login", data=form, headers={"origin": world.config.issuer})
    assert browser.cookies["gatepass_session"] != old
    check = await browser.post("/api/session/check", headers={"authorization": f"Bearer {old}"})
    assert check.json() == {"active": False}


async def test_the_account_page_shows_my_sessions_and_ends_them(world: World) -> None:
    phone, laptop, desk = [await world.browser() for _ in range(3)]
    phone.headers["origin"] = world.config.issuer
    page = (await phone.get("/")).text
    assert "Ann Lee" in page
    assert page.count("this device") == 1
    actions = [str(form["action"]) for form in Page(page).all("form")]
    ends = [action for action in actions if action.endswith("/end")]
    assert len(ends) == 2
    assert (await phone.post(ends[0])).headers["location"] == "/?done=ended"
    assert (await phone.post(ends[0])).status_code == 303
    assert [(await b.get("/")).status_code for b in (phone, laptop, desk)].count(303) == 1
    assert (await phone.post("/sessions/end-others")).headers["location"] == "/?done=others-ended"
    assert [(await b.get("/")).status_code for b in (phone, laptop, desk)] == [200, 303, 303]
    assert "All your other sessions are ended." in (await phone.get("/?done=others-ended")).text
    assert "role" not in (await phone.get("/?done=<b>role")).text.partition("<main")[2].partition("Roles")[0]


async def test_another_user_s_session_is_not_mine_to_end(world: World) -> None:
    await world.add("bob@example.org")
    ann, bob = await world.browser(), await world.browser("bob@example.org")
    sid = (await bob.get("/api/me")).json()["sid"]
    answer = await ann.post(f"/sessions/{sid}/end", headers={"origin": world.config.issuer})
    assert answer.headers["location"] == "/?done=gone"
    assert (await bob.get("/api/me")).status_code == 200


async def test_logging_out_ends_the_session_and_takes_the_cookie_back(world: World) -> None:
    browser = await world.browser()
    session_id = browser.cookies["gatepass_session"]
    form = {"origin": world.config.issuer, "content-type": "application/x-www-form-urlencoded"}
    answer = await browser.post("/logout", headers=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?done=logged-out")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    check = await browser.post("/api/session/check", headers={"authorization": f"Bearer {session_id}"})
    assert check.json() == {"active": False}
    assert "You are logged out." in (await browser.get("/login?done=logged-out")).text


PASSWORD_FIELDS = {"/login": 1, "/password": 3, "/profile": 2, "/set-password": 2}


@pytest.mark.parametrize("path", PASSWORD_FIELDS)
async def test_every_password_is_masked_and_may_be_pasted(world: World, path: str) -> None:
    browser = world.client() if path == "/login" else await world.browser()
    if path == "/set-password":
        await usecases.ask_reset(
            world.auth, email="ann@example.org", client=Client(address="192.0.2.7"), now=world.now
        )
        path += f"?link={await sent(world, 'ann@example.org')}"
    page = Page((await browser.get(path, follow_redirects=True)).text)
    names = {"password", "current_password", "new_password", "new_again"}
    fields = [field for field in page.all("input") if field["name"] in names]
    assert len(fields) == PASSWORD_FIELDS[path.partition("?")[0]]
    for field in fields:
        assert field["type"] == "password"
        assert field["autocomplete"] in {"current-password", "new-password"}
        assert not [name for name in field if name.startswith("on")]


@pytest.mark.parametrize("path", ["/", "/password", "/profile", "/logout"])
async def test_the_way_out_is_on_every_page_of_who_is_logged_in(world: World, path: str) -> None:
    browser = await world.browser()
    page = Page((await browser.get(path)).text)
    assert [form["action"] for form in page.all("form")].count("/logout") == 1


async def test_a_link_to_log_out_only_asks(world: World) -> None:
    browser = await world.browser()
    answer = await browser.get("/logout", params={"return_to": f"{APP}/bye"})
    assert answer.status_code == 200
    assert [f["value"] for f in Page(answer.text).all("input")] == [f"{APP}/bye"]
    assert (await browser.get("/api/me")).status_code == 200


async def test_who_is_not_logged_in_is_sent_to_the_form(world: World) -> None:
    async with world.client() as client:
        for path in ("/", "/logout"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (44, "just now"),
        (45, "1 minute ago"),
        (125, "2 minutes ago"),
        (3_600, "1 hour ago"),
        (7_300, "2 hours ago"),
        (86_400, "1 day ago"),
        (864_000, "10 days ago"),
    ],
)
def test_times_are_told_in_words(seconds: float, words: str) -> None:
    assert ago(1_000_000, 1_000_000 + seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (59, "59 seconds"), (60, "1 minute"), (61, "2 minutes")]
)
def test_waits_are_told_in_words(seconds: int, words: str) -> None:
    assert wait(seconds) == words
