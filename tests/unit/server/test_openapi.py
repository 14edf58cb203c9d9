"""The OpenAPI document and the application say the same, in both directions.

Every operation is driven to its success and to every failure that the document gives it; each real answer is
held to the document's schema for its status.
"""

from __future__ import annotations

import asyncio
import os
import re
from itertools import combinations
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from starlette.routing import Route
from tests.server_world import sent

from gatepass.auth import Limit, StorageUnavailable, usecases
from gatepass.oauth import SharedSecrets, new_shared_secret
from gatepass.server.answers import PROBLEMS
from gatepass.server.limits import MAX_BODY
from gatepass.server.onward import ONWARD, onward
from gatepass.server.operation import AUTHORISED, BY_COOKIE, Access
from gatepass.server.routes import operations, pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from tests.server_world import MakeWorld, World

PASSWORD = "correct horse battery"
Seen = set[tuple[str, int, str]]


class Witness:
    """Holds each answer that goes by to the document, and remembers which kinds it saw."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows = operations(world.config)
        self.document: dict[str, Any] = {}
        self.seen: Seen = set()

    async def read_document(self) -> None:
        async with self.world.client() as client:
            self.document = (await client.get("/api/openapi.json")).json()

    def client(self, **headers: str) -> httpx.AsyncClient:
        client = self.world.client(**headers)
        client.event_hooks = {"response": [self.judge]}
        return client

    async def judge(self, response: httpx.Response) -> None:
        await response.aread()
        request = response.request
        row = next(
            (
                row
                for row in self.rows
                if row.method == request.method
                and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", row.path), request.url.path)
            ),
            None,
        )
        if row is None:
            return  # a page
        written = self.document["paths"][row.path][row.method.lower()]["responses"]
        assert str(response.status_code) in written, f"{row.name}: {response.status_code} {response.text}"
        answer = written[str(response.status_code)]
        assert all(name in response.headers for name in answer.get("headers", {})), response.headers
        if "content" not in answer:
            assert response.content == b""
            self.seen.add((row.name, response.status_code, ""))
            return
        schema = answer["content"][response.headers["content-type"]]["schema"]
        validator = Draft202012Validator({**schema, "components": self.document["components"]})
        for told in messages_of(response):
            validator.validate(told)
        code = response.json()["code"] if response.status_code >= 400 else ""
        self.seen.add((row.name, response.status_code, code))

    def documented(self) -> Seen:
        wanted: Seen = set()
        for row in self.rows:
            wanted.add((row.name, row.status, ""))
            wanted |= {(row.name, PROBLEMS[code].status, code) for code in row.all_problems()}
            if row.revalidates:
                wanted.add((row.name, 304, ""))
        return wanted


def messages_of(response: httpx.Response) -> list[Any]:
    """Read an answer as its schema does: of a stream, that is each event."""
    kind = response.headers["content-type"]
    if kind == "text/event-stream":
        events = response.text.removesuffix("\n\n").split("\n\n")
        return [dict(line.split(": ", 1) for line in event.splitlines()) for event in events]
    return [response.json() if "json" in kind else response.text]


@pytest.fixture
async def witness(world: World) -> Witness:
    found = Witness(world)
    await found.read_document()
    return found


async def test_it_is_a_valid_openapi_document(witness: Witness) -> None:
    validate(witness.document)


async def test_no_route_is_missing_in_either_direction(witness: Witness) -> None:
    described = {(m.upper(), path) for path, methods in witness.document["paths"].items() for m in methods}
    assert described == {(row.method, row.path) for row in operations(witness.world.config)}
    routed = {route.path for route in witness.world.app.routes if isinstance(route, Route)}
    api, forms = {row.path for row in witness.rows}, {page.path for page in pages()}
    assert routed == {path for path in api | forms if "{" in path}


async def test_each_operation_has_a_name_of_its_own(witness: Witness) -> None:
    names = [row.name for row in witness.rows]
    assert len(names) == len(set(names))


async def test_every_link_leads_to_an_operation_that_takes_it(witness: Witness) -> None:
    rows = {row.name: row for row in witness.rows}
    links = [link for row in witness.rows for link in onward(row).get("links", {}).values()]
    assert links
    assert set(ONWARD) <= set(rows)
    for link in links:
        row = rows[link["operationId"]]
        members = set(row.query.__struct_fields__) if row.query else set()
        assert link.get("parameters", {}).keys() <= members | set(re.findall(r"{(\w+)}", row.path))
        assert row.body is not None or "requestBody" not in link


async def test_what_it_allows_of_a_lifetime_is_what_this_site_allows(make_world: MakeWorld) -> None:
    world = make_world(terms={"access_token_lifetime": 120})
    await usecases.keep_keys(world.auth, now=world.now)
    await world.add()
    witness = Witness(world)
    await witness.read_document()
    written = witness.document["components"]["schemas"]["TokensBody"]["properties"]["lifetime"]["anyOf"][0]
    async with witness.client() as client:
        mine = {"authorization": f"Bearer {await world.session(client)}"}
        # JSON has no integers: a client whose numbers are all floats writes 120.0.
        for lifetime, status in ((120, 200), (120.0, 200), (121, 422), (60.5, 400)):
            answer = await client.post("/api/tokens", json={"lifetime": lifetime}, headers=mine)
            assert answer.status_code == status, lifetime
            assert Draft202012Validator(written).is_valid(lifetime) == (status == 200)


async def test_of_what_excludes_each_other_in_a_query_it_says_so(witness: Witness) -> None:
    """One parameter with a schema of its own says it: its members stand in the query by their own names."""
    written = witness.document["paths"]["/api/admin/users"]["get"]["parameters"]
    (schema,) = (one["schema"] for one in written if one.get("explode"))
    allowed = Draft202012Validator(schema)
    searches = {"email": "ada@example.org", "email_prefix": "a", "name": "Ada", "role": "doctor"}
    assert set(schema["properties"]) == set(searches)
    await witness.world.add("root@example.org", "gatepass:admin")
    async with witness.client() as client:
        root = {"authorization": f"Bearer {await witness.world.session(client, 'root@example.org')}"}
        for count in range(len(searches) + 1):
            for names in combinations(searches, count):
                query = {name: searches[name] for name in names}
                answer = await client.get("/api/admin/users", params=query, headers=root)
                assert answer.status_code == (200 if allowed.is_valid(query) else 400), query


async def test_without_counters_there_is_no_such_operation(make_world: MakeWorld) -> None:
    world = make_world(counters=False)
    async with world.client() as client:
        assert "/api/counters" not in (await client.get("/api/openapi.json")).json()["paths"]
        assert (await client.get("/api/counters")).status_code == 404


async def test_every_documented_answer_is_given_and_fits(make_world: MakeWorld, witness: Witness) -> None:
    await drive_successes(witness)
    await drive_what_all_have_in_common(witness)
    await drive_refusals(witness)
    await drive_overload(witness)
    await drive_registration(make_world, witness)
    await drive_the_shared_secret_mode(make_world, witness)
    await drive_the_stream(witness)
    await drive_links(make_world, witness)
    assert witness.seen == witness.documented()


async def drive_successes(witness: Witness) -> None:
    world = witness.world
    await world.add("root@example.org", "gatepass:admin")
    async with witness.client() as client:
        for path in (
            "/.well-known/jwks.json",
            "/.well-known/oauth-authorization-server",
            "/api/openapi.json",
        ):
            tag = (await client.get(path)).headers["etag"]
            assert (await client.get(path, headers={"if-none-match": tag})).status_code == 304
        for path in ("/healthz", "/readyz", "/api/counters"):
            assert (await client.get(path)).status_code == 200
        tag = (await client.get("/revocations")).headers["etag"]
        assert (await client.get("/revocations", headers={"if-none-match": tag})).status_code == 304
        session_id = await world.session(client)
        mine = {"authorization": f"Bearer {session_id}"}
        assert (await client.post("/api/session/check", headers=mine)).json()["active"]
        assert not (await client.post("/api/session/check", headers={"authorization": "Bearer x"})).json()[
            "active"
        ]
        tokens = (await client.post("/api/tokens", json={}, headers=mine)).json()
        shown = {"authorization": f"Bearer {tokens['access_token']}"}
        assert (await client.post("/api/token/check", headers=shown)).json()["active"]
        assert not (await client.post("/api/token/check", headers=mine)).json()["active"]
        await client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
        for path in ("/api/me", "/api/sessions"):
            assert (await client.get(path, headers=mine)).status_code == 200
        await world.tokens(client, "renewal")
        assert (await client.post("/api/sessions/end-others", headers=mine)).json() == {"ended": 1}
        other = (await client.post("/api/login", json=login())).json()["sid"]
        assert (await client.delete(f"/api/sessions/{other}", headers=mine)).status_code == 204
        root = {"authorization": f"Bearer {await world.session(client, 'root@example.org')}"}
        listed = (await client.get("/api/admin/sessions?limit=1", headers=root)).json()
        assert listed["next"] == listed["sessions"][0]["session"]["sid"]
        part = (await client.get("/api/admin/events?limit=2&kind=logged_in", headers=root)).json()
        assert part["next"] == str(part["events"][-1]["seq"])
        third = (await client.post("/api/login", json=login())).json()["sid"]
        assert (await client.delete(f"/api/admin/sessions/{third}", headers=root)).status_code == 204
        assert (await client.post("/api/logout", headers=mine)).status_code == 204
        await drive_management(world, client, root)


async def drive_management(world: World, client: httpx.AsyncClient, root: dict[str, str]) -> None:
    """A user called Bob, from one end to the other."""
    await world.add("bob@example.org")
    await usecases.define_role(world.auth, name="doctor", permissions={"a:read"}, now=world.now)
    bobs = {"authorization": f"Bearer {await world.session(client, 'bob@example.org')}"}
    body = {"current_password": PASSWORD, "new_password": "a new one for Bob"}
    entered = (await client.post("/api/password", json=body, headers=bobs)).json()
    bobs = {"authorization": f"Bearer {entered['session_id']}"}
    assert (await client.post("/api/sessions/end-all", headers=bobs)).status_code == 204
    listed = (await client.get("/api/admin/users?email=BOB@example.org", headers=root)).json()
    bob = f"/api/admin/users/{listed['users'][0]['account']['id']}"
    assert (await client.get(bob, headers=root)).json() == listed["users"][0]
    assert len((await client.get("/api/admin/users", headers=root)).json()["users"]) == 3
    await client.put(f"{bob}/roles", json={"roles": ["doctor"]}, headers=root)
    given = await client.put(f"{bob}/permissions", json={"permissions": ["b:read"]}, headers=root)
    assert given.json()["account"]["permissions"] == ["a:read", "b:read"]
    for verb in ("disable", "enable", "log-out-everywhere"):
        assert (await client.post(f"{bob}/{verb}", headers=root)).is_success
    assert (await client.delete(bob, headers=root)).status_code == 204
    for order in ({"jti": "a"}, {"client_id": "b"}):
        assert (await client.post("/api/admin/revocations", json=order, headers=root)).is_success


async def drive_links(make_world: MakeWorld, witness: Witness) -> None:
    """Mails and what their links do; then the same in a world where nobody may try again."""
    world = witness.world
    async with witness.client() as client:
        mine = {"authorization": f"Bearer {await world.session(client)}"}
        root = {"authorization": f"Bearer {await world.session(client, 'root@example.org')}"}
        names = {"current_password": PASSWORD, "first_name": "Anna", "last_name": "Lee"}
        email = {"current_password": PASSWORD, "email": "anna@example.org"}
        for method, path, body in (("PUT", "names", names), ("POST", "email", email)):
            path = f"/api/profile/{path}"
            assert (await client.request(method, path, json=body, headers=mine)).is_success
            wrong = body | {"current_password": "wrong horse"}
            await client.request(method, path, json=wrong, headers=mine)
            spoiled = {name: value if name == "current_password" else "" for name, value in body.items()}
            await client.request(method, path, json=spoiled, headers=mine)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(world.auth.passwords, "_in_flight", 1000)
                await client.request(method, path, json=body, headers=mine)
        confirm = {"link": await sent(world, "anna@example.org")}
        assert (await client.post("/api/email/confirm", json=confirm)).status_code == 204
        assert (await client.post("/api/email/confirm", json=confirm)).status_code == 410

        new = {"email": "cy@example.org", "first_name": "Cy", "last_name": "Po"}
        made = await client.post("/api/admin/users", json=new, headers=root)
        assert made.json()["status"] == "invited"
        cy = f"/api/admin/users/{made.json()['account']['id']}"
        await client.post("/api/admin/users", json=new, headers=root)
        await client.post("/api/admin/users", json=new | {"email": "x"}, headers=root)
        await client.post("/api/admin/users", json=new, headers=mine)
        assert (await client.post(f"{cy}/invite", headers=root)).is_success
        assert (await client.put(f"{cy}/profile", json={"last_name": "Pu"}, headers=root)).is_success
        await client.put(f"{cy}/profile", json={"last_name": ""}, headers=root)
        await client.put(f"{cy}/profile", json={"email": "root@example.org"}, headers=root)
        link = await sent(world, "cy@example.org")
        chosen = {"link": link, "new_password": "another horse"}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.auth.passwords, "_in_flight", 1000)
            await client.post("/api/password/set", json=chosen)
        await client.post("/api/password/set", json=chosen | {"new_password": "password"})
        assert (await client.post("/api/password/set", json=chosen)).status_code == 204
        assert (await client.post("/api/password/set", json=chosen)).status_code == 410
        asked = {"email": "nobody@example.org"}
        assert (await client.post("/api/password/forgotten", json=asked)).status_code == 204
    await drive_impatience(make_world, witness)


async def drive_impatience(make_world: MakeWorld, witness: Witness) -> None:
    strict = make_world(terms={"address_limit": Limit(2, 900)})
    await usecases.keep_keys(strict.auth, now=strict.now)
    await strict.add()
    hasty = Witness(strict)
    await hasty.read_document()
    async with hasty.client() as client:
        mine = {"authorization": f"Bearer {await strict.session(client)}"}
        for _ in range(3):
            await client.post("/api/password/forgotten", json={"email": "a@example.org"})
        await client.post("/api/email/confirm", json={"link": "x"})
        await client.post("/api/password/set", json={"link": "x", "new_password": "another horse"})
        names = {"current_password": "x", "first_name": "A", "last_name": "B"}
        await client.put("/api/profile/names", json=names, headers=mine)
        email = {"current_password": "x", "email": "b@example.org"}
        await client.post("/api/profile/email", json=email, headers=mine)
    witness.seen |= hasty.seen


async def drive_the_stream(witness: Witness) -> None:
    feed = witness.world.app.state.feed
    async with witness.client() as client:
        streaming = asyncio.create_task(client.get("/revocations/stream"))
        while not feed.followers:  # noqa: ASYNC110 (it happens within turns of this loop)
            await asyncio.sleep(0)
        feed.close()  # a stream ends with the process
        assert (await streaming).status_code == 200


async def drive_what_all_have_in_common(witness: Witness) -> None:
    browser = await witness.world.browser()
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    async with witness.client() as client:
        for row in witness.rows:
            path = re.sub(r"\{\w+\}", "AAAAAAAAAAAAAAAAAAAAAA", row.path)
            if row.access is not Access.OPEN:
                await client.request(row.method, path)
                await client.request(row.method, path, headers={"authorization": "Basic x"})
            if row.access in AUTHORISED:
                await client.request(row.method, path, headers={"authorization": "Bearer x"})
            if row.access in BY_COOKIE and row.method != "GET":
                await client.request(row.method, path, headers={"cookie": cookie})
            if row.body is not None:
                given = {"authorization": f"Bearer {await witness.world.session(client)}"}
                json = {**given, "content-type": "application/json"}
                await client.request(row.method, path, headers=json, content=b"{")
                await client.request(row.method, path, headers=json, content=b" " * (MAX_BODY + 1))
                await client.request(row.method, path, headers=given, content=b"{}")
                twice = [*json.items(), ("content-type", "application/json")]
                await client.request(row.method, path, headers=twice, content=b"{}")


async def drive_refusals(witness: Witness) -> None:
    world = witness.world
    async with witness.client() as client:
        mine = {"authorization": f"Bearer {await world.session(client)}"}
        root = {"authorization": f"Bearer {await world.session(client, 'root@example.org')}"}
        await client.post("/api/login", json=login(password="wrong horse"))
        await client.post("/api/login", json=login(mode="token", lifetime=10_000))
        await client.post("/api/tokens", json={"lifetime": 10_000}, headers=mine)
        await client.post("/api/register", json=newcomer())
        await client.post("/api/refresh", json={"refresh_token": "gpr_x"})
        renewable = await world.tokens(client, "renewal")
        await client.post("/api/refresh", json={"expired_token": renewable["access_token"]})
        await client.get("/api/admin/sessions", headers=mine)
        await client.get("/api/admin/sessions?limit=0", headers=root)
        await client.get("/api/admin/events", headers=mine)
        await client.get("/api/admin/events?kind=nothing", headers=root)
        await client.delete("/api/admin/sessions/nobody", headers=mine)
        await client.delete("/api/admin/sessions/nobody", headers=root)
        await client.delete("/api/sessions/nobody", headers=mine)
        password = {"current_password": "wrong horse", "new_password": "another horse"}
        await client.post("/api/password", json=password, headers=mine)
        await client.post("/api/password", json=password | {"new_password": "x"}, headers=mine)
        await client.get("/api/admin/users", headers=mine)
        await client.get("/api/admin/users?limit=x", headers=root)
        await client.get("/api/admin/users?email=x", headers=root)
        await client.get("/api/admin/users?name=x&role=y", headers=root)
        await client.post("/api/admin/revocations", json={"jti": "a"}, headers=mine)
        await client.post("/api/admin/revocations", json={"jti": ""}, headers=root)
        for given in (mine, root):
            for method, verb, body in ON_A_USER:
                await client.request(method, f"/api/admin/users/nobody{verb}", json=body, headers=given)
        for verb in ("roles", "permissions"):
            path = f"/api/admin/users/nobody/{verb}"
            await client.put(path, json={verb: ["Not A Name"]}, headers=root)
        await client.get("/revocations?wait=31")
        await client.get("/revocations/stream?after=a&after=b")


async def drive_overload(witness: Witness) -> None:
    world = witness.world
    async with witness.client() as client:
        tokens = await world.tokens(client)
        mine = {"authorization": f"Bearer {await world.session(client)}"}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.auth.passwords, "_in_flight", 1000)
            answer = await client.post("/api/login", json=login())
            assert answer.headers["retry-after"] == "1"
            password = {"current_password": PASSWORD, "new_password": "another horse"}
            await client.post("/api/password", json=password, headers=mine)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.auth.keyring, "_ring", None)
            await client.post("/api/tokens", json={}, headers=mine)
            await client.post("/api/refresh", json={"refresh_token": tokens["refresh_token"]})
            await client.get("/.well-known/jwks.json")
            await client.get("/readyz")
            await client.get("/revocations?after=x")
            await client.get("/revocations/stream?after=x")
            await client.post("/api/token/check", headers=mine)

        async def locked(_: bytes) -> None:
            raise StorageUnavailable("SQLite: OperationalError")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(world.auth.store, "session_by_hash", locked)
            await client.post("/api/session/check", headers=mine)


async def drive_the_shared_secret_mode(make_world: MakeWorld, witness: Witness) -> None:
    secrets = SharedSecrets.parse(new_shared_secret(os.urandom))
    silent = make_world(shared_secrets=secrets)
    await usecases.keep_keys(silent.auth, now=silent.now)
    async with silent.client() as client:
        client.event_hooks = {"response": [witness.judge]}
        assert (await client.get("/.well-known/jwks.json")).status_code == 404


async def drive_registration(make_world: MakeWorld, witness: Witness) -> None:
    limits = {"registration_open": True, "address_limit": Limit(4, 900), "account_limit": Limit(4, 900)}
    open_world = make_world(terms=limits)
    await usecases.keep_keys(open_world.auth, now=open_world.now)
    open_witness = Witness(open_world)
    await open_witness.read_document()
    async with open_witness.client() as client:
        assert (await client.post("/api/register", json=newcomer())).status_code == 204
        nameless = await client.post("/api/register", json=newcomer(first_name="1"))
        assert nameless.json()["field"] == "first_name"
        await open_world.add("ann@example.org")
        session_id = await open_world.session(client, "ann@example.org")
        for _ in range(4):
            await client.post("/api/login", json=login(password="wrong horse"))
            await client.post("/api/register", json=newcomer())
        password = {"current_password": PASSWORD, "new_password": "another horse"}
        await client.post("/api/password", json=password, headers={"authorization": f"Bearer {session_id}"})
    witness.seen |= open_witness.seen


ON_A_USER: list[tuple[str, str, dict[str, list[str]] | None]] = [
    ("GET", "", None),
    ("POST", "/invite", None),
    ("PUT", "/profile", {}),
    ("PUT", "/roles", {"roles": []}),
    ("PUT", "/permissions", {"permissions": []}),
    ("POST", "/disable", None),
    ("POST", "/enable", None),
    ("POST", "/log-out-everywhere", None),
    ("DELETE", "", None),
]


def login(**changes: Any) -> dict[str, Any]:
    return {"email": "ann@example.org", "password": PASSWORD} | changes


def newcomer(**changes: str) -> dict[str, str]:
    given = {"email": "new@example.org", "first_name": "New", "last_name": "Comer"}
    return given | changes


def struct_names() -> Iterator[str]:
    from gatepass.server import bodies, messages

    for value in (*vars(bodies).values(), *vars(messages).values()):
        if isinstance(value, type) and issubclass(value, msgspec.Struct):
            yield value.__name__


async def test_every_message_has_words_for_a_reader(witness: Witness) -> None:
    schemas = witness.document["components"]["schemas"]
    assert {name for name in schemas if not schemas[name].get("description")} == set()
    assert set(schemas) <= {*struct_names(), "ProblemDetails", "ServerMetadata", "EventKind"}
