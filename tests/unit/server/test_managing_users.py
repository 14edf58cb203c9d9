"""Users and orders over the API: who may, what is told, and that a retry does no harm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gatepass.auth import ADMIN, usecases

if TYPE_CHECKING:
    import httpx
    from tests.server_world import World

PASSWORD = "correct horse battery"
NEW = "another good password"


async def bearer(world: World, client: httpx.AsyncClient, email: str = "ann@example.org") -> dict[str, str]:
    return {"authorization": f"Bearer {await world.session(client, email)}"}


async def root(world: World, client: httpx.AsyncClient) -> dict[str, str]:
    await world.add("root@example.org", ADMIN)
    return await bearer(world, client, "root@example.org")


async def ann(client: httpx.AsyncClient, given: dict[str, str]) -> dict[str, Any]:
    listed = (await client.get("/api/admin/users?email=ann@example.org", headers=given)).json()
    return dict(listed["users"][0])


async def test_users_come_in_parts_and_one_by_e_mail_address(world: World) -> None:
    async with world.client() as client:
        given = await root(world, client)
        for name in ("bob", "cleo"):
            await world.add(f"{name}@example.org")
        seen: list[str] = []
        after = ""
        while True:
            part = (await client.get(f"/api/admin/users?limit=2{after}", headers=given)).json()
            seen += [user["account"]["email"] for user in part["users"]]
            if part["next"] is None:
                break
            after = f"&after={part['next']}"
        assert seen == [f"{name}@example.org" for name in ("ann", "bob", "cleo", "root")]
        nobody = await client.get("/api/admin/users?email=nobody@example.org", headers=given)
        assert nobody.json() == {"users": [], "next": None}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"email_prefix": "AN"}, ["ann"]),
        ({"name": "lee"}, ["ann", "bob", "root"]),  # all are Ann Lee here
        ({"name": "ann l", "limit": "1"}, ["ann", "bob", "root"]),
        ({"role": "doctor"}, []),
    ],
)
async def test_users_are_looked_for_a_part_at_a_time(
    world: World, query: dict[str, str], found: list[str]
) -> None:
    async with world.client() as client:
        given = await root(world, client)
        await world.add("bob@example.org")
        seen: list[str] = []
        part: dict[str, Any] = {"next": ""}
        while part["next"] is not None:
            after = {"after": part["next"]} if part["next"] else {}
            part = (await client.get("/api/admin/users", params=query | after, headers=given)).json()
            seen += [user["account"]["email"].partition("@")[0] for user in part["users"]]
        assert sorted(seen) == found
        both = await client.get("/api/admin/users?name=a&role=b", headers=given)
        assert both.status_code == 400


async def test_an_administrator_invites_and_corrects(world: World) -> None:
    new = {"email": "bob@example.org", "first_name": "Bob", "last_name": "Hope"}
    async with world.client() as client:
        given = await root(world, client)
        made = await client.post("/api/admin/users", json=new, headers=given)
        assert (made.status_code, made.json()["status"]) == (201, "invited")
        bob = f"/api/admin/users/{made.json()['account']['id']}"
        again = await client.post(f"{bob}/invite", headers=given)
        assert again.json() == made.json()
        edited = await client.put(f"{bob}/profile", json={"email": "b@example.org"}, headers=given)
        assert edited.json()["account"]["email"] == "b@example.org"
        with_password = new | {"email": "x@example.org", "password": PASSWORD}
        refused = await client.post("/api/admin/users", json=with_password, headers=given)
        assert (refused.status_code, refused.json()["field"]) == (400, "password")
        admin = new | {"email": "x@example.org", "permissions": [ADMIN]}
        assert (await client.post("/api/admin/users", json=admin, headers=given)).status_code == 403


async def test_an_administrator_sees_what_is_held_and_what_follows(world: World) -> None:
    await usecases.define_role(world.auth, name="doctor", permissions={"a:read"}, now=world.now)
    async with world.client() as client:
        given = await root(world, client)
        path = f"/api/admin/users/{(await ann(client, given))['account']['id']}"
        for _ in range(2):  # a client may retry
            await client.put(f"{path}/roles", json={"roles": ["doctor"]}, headers=given)
            await client.put(f"{path}/permissions", json={"permissions": ["b:read"]}, headers=given)
        shown = (await client.get(path, headers=given)).json()
        assert (shown["held"], shown["account"]["permissions"]) == (["b:read"], ["a:read", "b:read"])
        unknown = await client.put(f"{path}/roles", json={"roles": ["nurse"]}, headers=given)
        assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid_input")
        assert unknown.json()["field"] == "roles"
    user = await world.auth.store.user_by_email("ann@example.org")
    assert user is not None
    assert user.epoch == 2


async def test_a_disabled_user_is_out_and_enabled_may_log_in(world: World) -> None:
    async with world.client() as client:
        given, anns = await root(world, client), await bearer(world, client)
        path = f"/api/admin/users/{(await ann(client, given))['account']['id']}"
        for _ in range(2):
            assert (await client.post(f"{path}/disable", headers=given)).json()["status"] == "disabled"
        assert (await client.get("/api/me", headers=anns)).status_code == 401
        for _ in range(2):
            assert (await client.post(f"{path}/enable", headers=given)).json()["status"] == "active"
        assert (await client.get("/api/me", headers=anns)).status_code == 401
        assert (await client.get("/api/me", headers=await bearer(world, client))).status_code == 200
        assert (await client.delete(path, headers=given)).status_code == 204
        assert (await client.delete(path, headers=given)).status_code == 404
        assert (await client.get(path, headers=given)).status_code == 404


async def test_nobody_makes_themselves_administrator_over_the_api(world: World) -> None:
    await usecases.define_role(world.auth, name="boss", permissions={ADMIN}, now=world.now)
    async with world.client() as client:
        given, anns = await root(world, client), await bearer(world, client)
        path = f"/api/admin/users/{(await ann(client, given))['account']['id']}"
        for headers in (given, anns):
            for body, verb in (({"roles": ["boss"]}, "roles"), ({"permissions": [ADMIN]}, "permissions")):
                answer = await client.put(f"{path}/{verb}", json=body, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
        assert (await ann(client, given))["account"]["permissions"] == []


async def test_logging_out_everywhere_ends_every_session_of_mine_and_of_nobody_else(world: World) -> None:
    async with world.client() as client:
        roots = await root(world, client)
        mine = [await bearer(world, client) for _ in range(2)]
        token = {"authorization": f"Bearer {(await world.tokens(client))['access_token']}"}
        assert (await client.post("/api/sessions/end-all", headers=token)).status_code == 204
        for headers in (*mine, token):
            assert (await client.get("/api/me", headers=headers)).status_code == 401
        assert (await client.get("/api/me", headers=roots)).status_code == 200
        again = await bearer(world, client)
        path = f"/api/admin/users/{(await ann(client, roots))['account']['id']}/log-out-everywhere"
        assert (await client.post(path, headers=again)).status_code == 403  # not even oneself, this way
        assert (await client.post(path, headers=roots)).status_code == 204
        assert (await client.get("/api/me", headers=again)).status_code == 401


async def test_a_changed_password_comes_with_the_session_to_go_on_in(world: World) -> None:
    async with world.client() as client:
        mine, other = await bearer(world, client), await bearer(world, client)
        body = {"current_password": PASSWORD, "new_password": NEW}
        answer = await client.post("/api/password", json=body, headers=mine)
        assert "set-cookie" not in answer.headers
        for headers in (mine, other):
            assert (await client.get("/api/me", headers=headers)).status_code == 401
        fresh = {"authorization": f"Bearer {answer.json()['session_id']}"}
        assert (await client.get("/api/me", headers=fresh)).json()["sid"] == answer.json()["sid"]


async def test_neither_a_cookie_nor_an_access_token_changes_a_password_over_the_api(world: World) -> None:
    """A script must not get a session id, a Service must not get a password changed."""
    body = {"current_password": PASSWORD, "new_password": NEW}
    browser = await world.browser()
    by_cookie = await browser.post("/api/password", json=body, headers={"origin": world.config.issuer})
    assert by_cookie.json()["code"] == "unauthenticated"
    async with world.client() as client:
        token = {"authorization": f"Bearer {(await world.tokens(client))['access_token']}"}
        refused = await client.post("/api/password", json=body, headers=token)
        assert refused.json()["code"] == "invalid_token"
        mine = await bearer(world, client)  # the twin
        assert (await client.post("/api/password", json=body, headers=mine)).status_code == 200


ORDERS: dict[str, dict[str, Any]] = {
    "none": {},
    "two": {"jti": "a", "client_id": "b"},
    "everything, but no": {"everything": False},
    "everything and one": {"everything": True, "jti": "a"},
}


@pytest.mark.parametrize("body", ORDERS.values(), ids=ORDERS.keys())
async def test_an_order_says_exactly_one_thing(world: World, body: dict[str, Any]) -> None:
    async with world.client() as client:
        given = await root(world, client)
        answer = await client.post("/api/admin/revocations", json=body, headers=given)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_body")
    assert (await world.auth.store.revocations_after(0, 9)).entries == []


async def test_an_order_on_everything_refuses_tokens_and_leaves_sessions(world: World) -> None:
    async with world.client() as client:
        given = await root(world, client)
        tokens = await world.tokens(client)
        token = {"authorization": f"Bearer {tokens['access_token']}"}
        answer = await client.post("/api/admin/revocations", json={"everything": True}, headers=given)
        assert answer.json()["below"] == int(world.now) + 1
        assert (await client.get("/api/me", headers=token)).status_code == 401
        world.now += 1
        fresh = await client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
        token = {"authorization": f"Bearer {fresh.json()['access_token']}"}
        assert (await client.get("/api/me", headers=token)).status_code == 200
        assert (await client.get("/api/me", headers=given)).status_code == 200


async def test_an_app_of_ours_may_ask_to_put(world: World) -> None:
    headers = {"origin": "http://127.0.0.1:8001", "access-control-request-method": "PUT"}
    async with world.client() as client:
        answer = await client.options("/api/admin/users/x/roles", headers=headers)
        assert "PUT" in answer.headers["access-control-allow-methods"]
