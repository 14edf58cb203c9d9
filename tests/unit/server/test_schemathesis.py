"""The API against its own OpenAPI document, as schemathesis sees it: whatever it sends, documented or not."""

from __future__ import annotations

import asyncio
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from tests.server_world import ISSUER, PASSWORD, QUICK

from gatepass.auth import Auth, Client, InvalidInput, Limit, Secret, Terms, User, UserUnknown, usecases
from gatepass.auth.password_rules import check_new_password, words_about
from gatepass.oauth import REVOCATIONS_MEDIA_TYPE
from gatepass.server import PasswordPool, ServerConfig, create_app
from gatepass.server.onward import onward
from gatepass.server.routes import operations
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import Message, Receive, Scope, Send

NOW = 1_800_000_000.0
CLIENT = Client(address="192.0.2.7")
WIDE = Limit(100_000, 900)
ROOT = "root@example.org"
ROLE = "doctor"
AS_ROOT = "Bearer root"


class Site:
    """A site whose API is tried, with an administrator who is logged in anew for each request."""

    def __init__(self, pool: PasswordPool) -> None:
        terms = Terms(
            issuer=ISSUER,
            audience="clinic",
            account_limit=WIDE,
            address_limit=WIDE,
            registration_open=True,
        )
        self.auth = Auth(
            store=MemoryStore(),
            passwords=pool,
            entropy=random.Random(7).randbytes,  # noqa: S311 (the same ids each time, and so the same walks)
            kek=Secret(b"k" * 32),
            terms=terms,
        )
        self.root = asyncio.run(self._begin())
        self.config = ServerConfig.from_names(issuer=ISSUER, counters=True, metrics="loopback")
        self.app = create_app(self.auth, self.config, clock=lambda: NOW)

    async def _begin(self) -> User:
        await usecases.keep_keys(self.auth, now=NOW)
        await usecases.define_role(self.auth, name=ROLE, permissions=["appointments:read"], now=NOW)
        return await self._add_root()

    async def _add_root(self) -> User:
        return await usecases.add_user(
            self.auth,
            email=ROOT,
            password=PASSWORD,
            first_name="Root",
            last_name="Lee",
            permissions=["gatepass:admin"],
            actor="cli",
            now=NOW,
        )

    async def bearer(self) -> bytes:
        """Log in; whoever finds the administrator's id may have disabled them meanwhile, or worse."""
        try:
            root = await usecases.enable_user(self.auth, user_id=self.root.id, actor="cli", now=NOW)
        except UserUnknown:
            root = self.root = await self._add_root()
        entered = await usecases.log_in(
            self.auth, email=root.email, password=PASSWORD, client=CLIENT, now=NOW
        )
        return b"Bearer " + entered.session_id.reveal().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a client that hangs up as soon as it has asked, as a stream has no end; who asks as root gets
        a session for this one request, as many of them end it."""
        asked = scope["type"] != "http"

        async def receive_once() -> Message:
            nonlocal asked
            if asked and scope["type"] == "http":
                return {"type": "http.disconnect"}
            message = await receive()
            asked = not message.get("more_body", False)
            return message

        headers = [
            (name, await self.bearer() if value == AS_ROOT.encode() else value)
            for name, value in scope.get("headers", [])
        ]
        here = {**scope, "headers": headers, "client": ("127.0.0.1", 50_000)}
        await self.app(here, receive_once, send)


@pytest.fixture
def site() -> Iterator[Site]:
    pool = PasswordPool(entropy=os.urandom, profile=QUICK, threads=1)
    yield Site(pool)
    pool.close()


# What no pattern says: letters of any script make a name, and a password is none of the commonest.
LETTERS = st.characters(categories=["L"])
REST = st.characters(exclude_categories=["C"], exclude_characters="<>")
NAMES = st.tuples(st.text(REST, max_size=20), LETTERS, st.text(REST, max_size=20)).map("".join)
ABOUT = words_about(terms=Terms(issuer=ISSUER, audience="clinic"), email=ROOT, names=("Root", "Lee"))


def is_taken(password: str) -> bool:
    """Ask the rules: Hypothesis draws texts from our own code too, such as `gatepass.toml`, and from whatever
    modules other tests have loaded."""
    try:
        check_new_password(password, about=ABOUT)
    except InvalidInput:
        return False
    return True


PASSWORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=12, max_size=100).filter(is_taken)
schemathesis.openapi.format("person-name", NAMES)
schemathesis.openapi.format("password", PASSWORDS)


# The same for who judges: what a mutation makes of a name is none then. Python's own patterns have no \p.
IS_NAME = r"^([^<>\p{C}]|[\u200C\u200D])*\p{L}([^<>\p{C}]|[\u200C\u200D])*$"


@schemathesis.hook
def before_load_schema(_: Any, raw_schema: dict[str, Any]) -> None:
    """Say which roles there are here, as the document describes every day of a site; and what a name is."""
    schemas = raw_schema["components"]["schemas"]
    for body in ("RolesBody", "InviteBody"):
        schemas[body]["properties"]["roles"]["items"]["enum"] = [ROLE]
    for schema in schemas.values():
        for member in schema.get("properties", {}).values():
            for one in (member, *member.get("anyOf", ())):
                if one.get("format") == "person-name":
                    one["pattern"] = IS_NAME
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                for link in answer.get("links", {}).values():
                    link["x-schemathesis"] = {"merge_body": False}  # what it says is the whole body


@schemathesis.deserializer(REVOCATIONS_MEDIA_TYPE)
def page(_: Any, response: Any) -> str:
    """Read a page of the feed as what it is, a text: schemathesis has no reader for this type."""
    return str(response.text)


PASS_CHECKS = {"check_session", "check_token"}


@schemathesis.check
def pass_in_question_is_looked_at(_: Any, response: Any, case: Any) -> None:
    """Stand in for `ignored_auth` where a pass is what the question is about: without one there is none, and
    of one that somebody made up the answer is no."""
    if case.operation.definition.raw["operationId"] not in PASS_CHECKS or response.status_code != 200:
        return
    for made_up in (None, "Bearer made-up", "Bearer gps_" + "A" * 43):
        asked = case.operation.Case(headers={} if made_up is None else {"Authorization": made_up})
        answer = asked.call()
        if made_up is None:
            assert answer.status_code == 401, answer.status_code
        else:
            assert answer.json() == {"active": False}, answer.text


REFUSED = [400, 401, 403, 404, 405, 409, 410, 413, 415, 422]

# What well-formed data meets besides, for that is not enough: who holds a link, whose password it is, who has
# an address, which user there is. Everything else must be taken.
ALSO = {
    "log_in": [401],
    "refresh": [401],
    "register": [429],  # the sixth mail in an hour to one address
    "ask_reset": [429],
    "set_password": [410],
    "confirm_email": [410],
    "change_password": [403, 422],  # a new one that is the current one: two texts are alike now and then
    "change_names": [403],
    "change_email": [403],
    "end_session": [404],
    "end_any_session": [404],
    "invite_user": [409],
    "show_user": [404],
    # And an administrator is nobody's to change over the API, or to make.
    "edit_user": [403, 404, 409],
    "set_roles": [403, 404],
    "set_permissions": [403, 404],
    "disable_user": [403, 404],
    "enable_user": [403, 404],
    "invite_user_again": [403, 404],
    "log_out_user": [403, 404],
    "delete_user": [403, 404],
}

# The whole of a run: the same cases each time, few enough that the suite stays quick.
RUN: dict[str, Any] = {
    "workers": 1,
    "generation": {"max-examples": 20, "deterministic": True, "database": "none"},
    "dictionaries": {"root": {"values": [ROOT]}, "hers": {"values": [PASSWORD]}},
    "checks": {
        "negative_data_rejection": {"expected-statuses": REFUSED},
        "positive_data_acceptance": {"expected-statuses": ["2xx"]},
    },
    "operations": [
        # A pass that does not hold is no refusal there: it is the answer, with status 200 (RFC 7662 §2.2).
        # OpenAPI knows the header for credentials alone. In its place: `pass_in_question_is_looked_at`.
        {
            "include-operation-id": sorted(PASS_CHECKS),
            "checks": {"ignored_auth": {"enabled": False}},
        },
        {
            "include-operation-id": ["log_in"],
            "parameters": {
                "body.email": {"dictionary": "root", "probability": 0.8},
                "body.password": {"dictionary": "hers", "probability": 0.8},
            },
        },
        *(
            {
                "include-operation-id": [name],
                "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", *also]}},
            }
            for name, also in ALSO.items()
        ),
    ],
}
ONE_BY_ONE = {"stateful": {"enabled": False}}
ONE_AFTER_ANOTHER = {
    "examples": {"enabled": False},
    "coverage": {"enabled": False},
    "fuzzing": {"enabled": False},
    # Our links alone: no guesses at what may belong together.
    "stateful": {"max-steps": 10, "generation": {"max-examples": 100}, "inference": {"algorithms": []}},
}


def schema_of(site: Site, *, seed: int, phases: dict[str, Any]) -> Any:
    config = SchemathesisConfig.from_dict({**RUN, "seed": seed, "phases": phases})
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", site, config=config)

    @schema.auth()
    class Root:
        """Every request is the administrator's, unless a check wants to know what happens to others'."""

        def get(self, case: Any, context: Any) -> str:
            return AS_ROOT

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers["Authorization"] = data

    return schema


def tried(schema: Any) -> list[ScenarioFinished]:
    """Try it, and find nothing."""
    found: list[str] = []
    scenarios: list[ScenarioFinished] = []
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            scenarios.append(event)
            for case, checks in event.recorder.checks.items():
                answer = event.recorder.interactions[case].response
                told = None if answer is None else (answer.status_code, answer.content[:500])
                found += [
                    f"{event.label}: {c.name}: {c.failure_info.failure.message} {told}"
                    f" {c.failure_info.code_sample}"
                    for c in checks
                    if c.failure_info
                ]
        elif isinstance(event, NonFatalError):
            found.append(f"{event.label}: {event.info}")
        else:
            assert not isinstance(event, FatalError), event
    assert not found, "\n\n".join(found)
    return scenarios


def test_the_api_is_what_its_document_says(site: Site) -> None:
    schema = schema_of(site, seed=7, phases=ONE_BY_ONE)
    assert len({scenario.label for scenario in tried(schema)}) > 30


def test_every_link_of_the_document_leads_on(site: Site) -> None:
    """Walk along the links, seed after seed, until each operation that another leads to was done."""
    rows = operations(site.config)
    left = {name for row in rows for name in onward(row).get("links", {}) if name != row.name}
    assert len(left) > 10
    for seed in range(10):
        for scenario in tried(schema_of(site, seed=seed, phases=ONE_AFTER_ANOTHER)):
            recorder = scenario.recorder
            for name, node in recorder.cases.items():
                answer = recorder.interactions[name].response
                if node.transition is not None and answer is not None and answer.status_code < 300:
                    left.discard(node.value.operation.definition.raw["operationId"])
        if not left:
            return
    raise AssertionError(f"never reached: {left}")
