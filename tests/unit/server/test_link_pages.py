"""The pages behind mails: forgotten passwords, first passwords, and new addresses."""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from tests.server_world import ISSUER, PASSWORD, sent

from gatepass.auth import Limit, usecases

if TYPE_CHECKING:
    import httpx
    from tests.server_world import MakeWorld, World

ORIGIN = {"origin": ISSUER}
NEW = "another horse battery"


async def forgotten(world: World, client: httpx.AsyncClient, email: str = "ann@example.org") -> str:
    """Ask on the page; gives the link's secret."""
    answer = await client.post("/forgot", data={"email": email}, headers=ORIGIN)
    assert answer.status_code == 200
    return await sent(world, email)


async def opened(client: httpx.AsyncClient, link: str, path: str = "/set-password") -> httpx.Response:
    """Open the link as a browser does; gives the page behind it."""
    swapped = await client.get(path, params={"link": link})
    assert swapped.status_code == 303
    return await client.get(swapped.headers["location"])


async def test_a_forgotten_password_is_replaced_and_its_owner_logs_in(world: World) -> None:
    async with world.client() as client:
        assert 'href="/forgot"' in (await client.get("/login")).text
        assert (await client.get("/forgot")).status_code == 200
        page = await opened(client, await forgotten(world, client))
        assert "ann@example.org" in page.text
        answer = await client.post(
            "/set-password", data={"new_password": NEW, "new_again": NEW}, headers=ORIGIN
        )
        assert answer.headers["location"] == "/login?done=password-set"
        assert "gatepass_session" not in answer.headers["set-cookie"]  # nobody is logged in by it
        assert not client.cookies
        old = await client.post(
            "/login", data={"email": "ann@example.org", "password": PASSWORD}, headers=ORIGIN
        )
        assert old.status_code == 401
        good = await client.post("/login", data={"email": "ann@example.org", "password": NEW}, headers=ORIGIN)
        assert good.status_code == 303


async def test_the_secret_is_out_of_the_address_at_once(world: World) -> None:
    async with world.client() as client:
        link = await forgotten(world, client)
        answer = await client.get("/set-password", params={"link": link})
        assert answer.headers["location"] == "/set-password"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        cookie = answer.headers["set-cookie"]
        assert re.fullmatch(rf"gatepass_link={link}; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600", cookie)
        page = await client.get("/set-password")
        assert link not in page.text
        assert link not in str(page.headers)


@pytest.mark.parametrize(
    "link", ["", "x", "gpl_" + "A" * 43, "a; Path=/login", "é", "a\r\nset-cookie: b=c", "x" * 9_000]
)
async def test_whatever_comes_as_a_link_ends_on_the_same_page(world: World, link: str) -> None:
    async with world.client() as client:
        page = await opened(client, link)
        assert page.status_code == 410
        assert "This link no longer works" in page.text
        for path in ("/set-password", "/confirm-email"):
            assert (await client.post(path, headers=ORIGIN, data={"new_password": NEW})).status_code == 410


@pytest.mark.parametrize("link", ["", "x", "gpl_é"])
async def test_what_is_no_link_is_not_mixed_up_with_one_that_was_opened_before(
    world: World, link: str
) -> None:
    async with world.client() as client:
        good = await forgotten(world, client)
        assert (await opened(client, good)).status_code == 200
        assert (await opened(client, link)).status_code == 410
        assert (await opened(client, good)).status_code == 200


async def test_looking_uses_nothing_up_and_a_second_use_leads_nowhere(world: World) -> None:
    async with world.client() as scanner, world.client() as client:
        link = await forgotten(world, client)
        for _ in range(3):
            assert (await opened(scanner, link)).status_code == 200
        await opened(client, link)
        form = {"new_password": NEW, "new_again": NEW}
        assert (await client.post("/set-password", data=form, headers=ORIGIN)).status_code == 303
        assert (await scanner.post("/set-password", data=form, headers=ORIGIN)).status_code == 410


async def test_the_form_comes_back_with_words_and_the_link_stays_good(world: World) -> None:
    async with world.client() as client:
        await opened(client, await forgotten(world, client))
        for new, again, words in (
            (NEW, NEW + "!", "repetition differ"),
            ("short", "short", "at least 8"),
            ("password", "password", "tried first"),
            ("ann@example.org", "ann@example.org", "little more than a name"),
        ):
            form = {"new_password": new, "new_again": again}
            answer = await client.post("/set-password", data=form, headers=ORIGIN)
            assert answer.status_code == 422
            assert words in answer.text
        answer = await client.post(
            "/set-password", data={"new_password": NEW, "new_again": NEW}, headers=ORIGIN
        )
        assert answer.status_code == 303


async def test_too_much_to_do_is_told_and_the_link_stays_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"new_password": NEW, "new_again": NEW}
    async with world.client() as client:
        await opened(client, await forgotten(world, client))
        with monkeypatch.context() as patch:
            patch.setattr(world.auth.passwords, "_in_flight", 1000)
            answer = await client.post("/set-password", data=form, headers=ORIGIN)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await client.post("/set-password", data=form, headers=ORIGIN)).status_code == 303


async def test_the_page_and_the_answer_tell_nobody_who_has_an_account(world: World) -> None:
    async with world.client() as client:
        pages = []
        for email in ("ann@example.org", "eve@example.org", "no address"):
            page = await client.post("/forgot", data={"email": email}, headers=ORIGIN)
            pages.append((page.status_code, page.text.replace(email, "…"), page.headers["content-type"]))
            answer = await client.post("/api/password/forgotten", json={"email": email})
            assert (answer.status_code, answer.content) == (204, b"")
        assert len(set(pages)) == 1


async def test_who_asks_too_often_waits_known_or_not(world: World) -> None:
    async with world.client() as client:
        for email in ("ann@example.org", "eve@example.org"):
            for _ in range(5):
                await client.post("/forgot", data={"email": email}, headers=ORIGIN)
            answer = await client.post("/forgot", data={"email": email}, headers=ORIGIN)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "720")
        assert (await client.post("/forgot", data={"email": " "}, headers=ORIGIN)).status_code == 422


async def test_the_link_is_built_from_the_issuer_whatever_the_host_says(world: World) -> None:
    hosts = {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}
    async with world.client() as client:
        await client.post("/api/password/forgotten", json={"email": "ann@example.org"}, headers=hosts)
    texts: list[str] = []

    class Box:
        async def send(self, letter: object) -> None:
            texts.append(letter.text)  # type: ignore[attr-defined]

    await usecases.send_mail(world.auth, Box(), now=world.now)
    assert f"{ISSUER}/set-password?link=gpl_" in texts[0]
    assert "evil" not in texts[0]


@pytest.mark.parametrize(
    "path", ["/forgot", "/set-password", "/confirm-email", "/profile/names", "/profile/email"]
)
async def test_no_form_is_taken_from_another_site(world: World, path: str) -> None:
    async with world.client() as client:
        for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}, {}):
            answer = await client.post(path, data={"email": "ann@example.org"}, headers=headers)
            assert answer.status_code == 403
            assert "nothing was done" in answer.text
    assert await world.auth.store.mails_due(world.now, 9) == []


async def test_an_invited_user_is_welcomed(world: World) -> None:
    await usecases.invite_user(
        world.auth, email="bob@example.org", first_name="Bob", last_name="Hope", actor="cli", now=world.now
    )
    async with world.client() as client:
        page = await opened(client, await sent(world, "bob@example.org"))
        assert "Welcome, Bob" in page.text


async def test_names_and_address_are_changed_on_the_profile(world: World) -> None:
    async with aclosing(await world.browser()) as client:
        assert 'value="Lee"' in (await client.get("/profile")).text
        names = {"first_name": "Anna", "last_name": "Lee", "current_password": PASSWORD}
        assert (await client.post("/profile/names", data=names, headers=ORIGIN)).headers[
            "location"
        ] == "/?done=names"
        assert "Anna Lee" in (await client.get("/?done=names")).text
        email = {"email": "anna@example.org", "current_password": PASSWORD}
        assert (await client.post("/profile/email", data=email, headers=ORIGIN)).status_code == 303
        page = await opened(client, await sent(world, "anna@example.org"), "/confirm-email")
        assert "anna@example.org" in page.text
        done = await client.post("/confirm-email", headers=ORIGIN, data={})
        assert done.headers["location"] == "/?done=email"
        assert "anna@example.org" in (await client.get("/?done=email")).text  # still logged in


async def test_the_profile_says_what_is_wrong(world: World) -> None:
    async with aclosing(await world.browser()) as client:
        for path, form, status, words in (
            (
                "names",
                {"first_name": "", "last_name": "L", "current_password": PASSWORD},
                422,
                "The first name needs",
            ),
            (
                "names",
                {"first_name": "A", "last_name": "L", "current_password": "x"},
                403,
                "password is wrong",
            ),
            ("email", {"email": "x", "current_password": PASSWORD}, 422, "is not an e-mail address"),
            ("email", {"email": "x@example.org", "current_password": "x"}, 403, "password is wrong"),
        ):
            answer = await client.post(f"/profile/{path}", data=form, headers=ORIGIN)
            assert answer.status_code == status
            assert words in answer.text
    async with world.client() as stranger:
        assert (await stranger.get("/profile")).headers["location"] == "/login"


async def test_guesses_on_the_profile_are_throttled(make_world: MakeWorld) -> None:
    world = make_world(terms={"account_limit": Limit(2, 900)})
    await usecases.keep_keys(world.auth, now=world.now)
    await world.add()
    async with aclosing(await world.browser()) as client:
        form = {"email": "x@example.org", "current_password": "x"}
        answers = [
            (await client.post("/profile/email", data=form, headers=ORIGIN)).status_code for _ in range(4)
        ]
    assert answers == [403, 403, 429, 429]
