"""Who may do what at Auth: every operation is tried by who may not, and nothing slips in beside the words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gatepass.auth import ADMIN, usecases
from gatepass.auth.changes import SessionTouched
from gatepass.server.operation import Access, Operation, Row
from gatepass.server.routes import operations, pages
from gatepass.server.site import ServerConfig

if TYPE_CHECKING:
    import httpx
    from tests.server_world import MakeWorld, World

ROWS = operations(ServerConfig.from_names(issuer="http://127.0.0.1:8000", counters=True, metrics="loopback"))
OF_ADMINISTRATORS = {row.name: row for row in ROWS if row.path.startswith("/api/admin/")}
BODIES: dict[str, dict[str, Any]] = {
    "invite_user": {"email": "new@example.org", "first_name": "New", "last_name": "User"},
    "edit_user": {"first_name": "Other"},
    "set_roles": {"roles": []},
    "set_permissions": {"permissions": ["appointments:read"]},
    "revoke_tokens": {"everything": True},
}


async def ask(
    world: World, client: httpx.AsyncClient, row: Operation, headers: dict[str, str]
) -> httpx.Response:
    bob = await usecases.find_user(world.auth, email="bob@example.org", actor="cli")
    sessions = await usecases.list_sessions(world.auth, user_id=bob.id, now=world.now)
    path = row.path.format(user_id=bob.id, sid=sessions[0].sid if sessions else "none")
    body = BODIES.get(row.name)
    assert (body is None) == (row.body is None), row.name
    return await client.request(row.method, path, json=body, headers=headers)


def test_all_of_them_are_tried() -> None:
    assert len(OF_ADMINISTRATORS) >= 15
    assert set(BODIES) == {row.name for row in OF_ADMINISTRATORS.values() if row.body is not None}
    assert {row.access for row in OF_ADMINISTRATORS.values()} == {Access.LOGGED_IN}


@pytest.mark.parametrize("row", OF_ADMINISTRATORS.values(), ids=OF_ADMINISTRATORS)
async def test_what_is_for_administrators_is_for_nobody_else(
    world: World, row: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    await world.add("bob@example.org")
    await world.add("root@example.org", ADMIN)
    async with world.client() as client:
        bob = await world.session(client, "bob@example.org")
        passes = {
            email: {"authorization": f"Bearer {await world.session(client, email)}"}
            for email in ("ann@example.org", "root@example.org")
        }
        ann = (await client.get("/api/me", headers=passes["ann@example.org"])).json()["user"]["id"]
        log = await world.auth.store.events_after(0, 1000)
        assert (await ask(world, client, row, {})).status_code == 401
        refused = await ask(world, client, row, passes["ann@example.org"])
        assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
        assert await world.auth.store.events_after(0, 1000) == log  # nothing was done, and
        assert f"refused: not_permitted (the actor lacks the permission for this) user={ann}" in caplog.text
        given = {"authorization": f"Bearer {bob}"}
        assert (await client.get("/api/me", headers=given)).status_code == 200
        twin = await ask(world, client, row, passes["root@example.org"])
        assert twin.status_code in {200, 201, 204}


SLIPPED_IN: dict[str, tuple[str, str, dict[str, Any]]] = {
    "permissions with a registration": (
        "POST",
        "/api/register",
        {"email": "new@example.org", "first_name": "N", "last_name": "E"},
    ),
    "permissions with other names": (
        "PUT",
        "/api/profile/names",
        {"current_password": "correct horse battery", "first_name": "N", "last_name": "E"},
    ),
    "permissions with a profile": ("PUT", "/api/admin/users/{ann}/profile", {"first_name": "N"}),
}


@pytest.mark.parametrize("member", ["permissions", "roles", "status", "id", "epoch"])
@pytest.mark.parametrize(("method", "path", "body"), SLIPPED_IN.values(), ids=SLIPPED_IN)
async def test_no_member_slips_in_beside_those_of_the_operation(
    make_world: MakeWorld, method: str, path: str, body: dict[str, Any], member: str
) -> None:
    world = make_world(terms={"registration_open": True})
    await world.add("ann@example.org", ADMIN)
    async with world.client() as client:
        given = {"authorization": f"Bearer {await world.session(client)}"}
        ann = (await client.get("/api/me", headers=given)).json()["user"]
        target = path.format(ann=ann["id"])
        refused = await client.request(method, target, json=body | {member: [ADMIN]}, headers=given)
        assert (refused.status_code, refused.json()["field"]) == (400, member)
        assert (await client.request(method, target, json=body, headers=given)).is_success


ALL: tuple[Row, ...] = (*ROWS, *pages())
READ = [row for row in ALL if row.method == "GET" and row.path != "/revocations/stream"]


@pytest.mark.parametrize("row", READ, ids=[row.path for row in READ])
async def test_what_is_safe_by_its_method_changes_nothing(
    world: World, row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.add("root@example.org", ADMIN)
    browser = await world.browser("root@example.org")
    root = (await browser.get("/api/me")).json()
    written: list[object] = []
    commit = world.auth.store.commit

    async def watched(*changes: Any) -> None:
        written.extend(changes)
        await commit(*changes)

    monkeypatch.setattr(world.auth.store, "commit", watched)
    world.now += 120
    names = {"user_id": root["user"]["id"], "sid": root["sid"], "digest": "x", "name": "x"}
    answer = await browser.get(row.path.format(**names), headers={"origin": "https://evil.example"})
    assert answer.status_code < 500
    assert {type(change) for change in written} <= {SessionTouched}


@pytest.mark.parametrize("name", ["callback", "jsonp", "cb"])
async def test_nothing_is_wrapped_into_a_script(world: World, name: str) -> None:
    browser = await world.browser()
    for row in READ:
        if "{" not in row.path:
            answer = await browser.get(row.path, params={name: "stolen"})
            assert "script" not in answer.headers.get("content-type", "")
            assert not answer.text.startswith("stolen")
