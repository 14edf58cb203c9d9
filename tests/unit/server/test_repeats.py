"""A client that lost the answer asks again: what happens then is what the document says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.server_world import PASSWORD

from gatepass.auth import Secret, usecases
from gatepass.server.repeats import REPEATS
from gatepass.server.routes import operations
from gatepass.server.site import ServerConfig

if TYPE_CHECKING:
    from tests.server_world import MakeWorld

LOGIN = {"email": "ann@example.org", "password": PASSWORD}
CHANGE = {"current_password": PASSWORD, "new_password": "another horse battery"}

# method, path, body, the two statuses
TWICE: dict[str, tuple[str, str, dict[str, Any] | None, tuple[int, int]]] = {
    "log in": ("POST", "/api/login", LOGIN, (200, 200)),
    "register": (
        "POST",
        "/api/register",
        {"email": "new@example.org", "first_name": "N", "last_name": "E"},
        (204, 204),
    ),
    "log out": ("POST", "/api/logout", None, (204, 401)),
    "log out everywhere": ("POST", "/api/sessions/end-all", None, (204, 401)),
    "end the others": ("POST", "/api/sessions/end-others", None, (200, 200)),
    "end one": ("DELETE", "/api/sessions/{other}", None, (204, 204)),
    "end anybody's": ("DELETE", "/api/admin/sessions/{other}", None, (204, 204)),
    "change the password": ("POST", "/api/password", CHANGE, (200, 401)),
    "get tokens": ("POST", "/api/tokens", {}, (200, 200)),
    "disable": ("POST", "/api/admin/users/{bob}/disable", None, (200, 200)),
    "enable": ("POST", "/api/admin/users/{bob}/enable", None, (200, 200)),
    "log a user out": ("POST", "/api/admin/users/{bob}/log-out-everywhere", None, (204, 204)),
    "set roles": ("PUT", "/api/admin/users/{bob}/roles", {"roles": []}, (200, 200)),
    "delete a user": ("DELETE", "/api/admin/users/{bob}", None, (204, 404)),
    "revoke": ("POST", "/api/admin/revocations", {"jti": "j" * 22}, (200, 200)),
}


@pytest.mark.parametrize(("method", "path", "body", "statuses"), TWICE.values(), ids=TWICE)
async def test_a_request_that_comes_twice(
    make_world: MakeWorld, method: str, path: str, body: dict[str, Any] | None, statuses: tuple[int, int]
) -> None:
    world = make_world(terms={"registration_open": True})
    await usecases.keep_keys(world.auth, now=world.now)
    await world.add("ann@example.org", "gatepass:admin")
    await world.add("bob@example.org")
    async with world.client() as client:
        headers = {"authorization": f"Bearer {await world.session(client)}"}
        other = (await client.post("/api/login", json=LOGIN)).json()["sid"]
        bob = await usecases.find_user(world.auth, email="bob@example.org", actor="cli")
        target = path.format(other=other, bob=bob.id)
        answers = [await client.request(method, target, json=body, headers=headers) for _ in range(2)]
    assert tuple(answer.status_code for answer in answers) == statuses
    if statuses == (200, 200) and method == "PUT":
        assert answers[0].json() == answers[1].json()


def test_every_operation_says_it() -> None:
    config = ServerConfig.from_names(issuer="http://127.0.0.1:8000", counters=True, metrics=Secret(b"t" * 32))
    rows = operations(config)
    assert {row.name for row in rows if row.method == "POST"} == set(REPEATS)
    assert {row.method for row in rows} == {"GET", "PUT", "POST", "DELETE"}
