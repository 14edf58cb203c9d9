"""The API against its own OpenAPI document, as schemathesis sees it: whatever it sends, documented or not."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from tests.server_world import ISSUER, PASSWORD, QUICK

from gatepass.auth import Auth, Client, Limit, Secret, Terms, User, usecases
from gatepass.server import PasswordPool, ServerConfig, create_app
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_800_000_000.0
CLIENT = Client(address="192.0.2.7")
WIDE = Limit(100_000, 900)
ROOT = "root@example.org"


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
            entropy=os.urandom,
            kek=Secret(b"k" * 32),
            terms=terms,
        )
        self.root = asyncio.run(self._begin())
        # Nobody may follow: a stream never ends, and a poll waits for half a minute.
        config = ServerConfig.from_names(issuer=ISSUER, counters=True, metrics="loopback")
        self.app = create_app(self.auth, config, clock=lambda: NOW, followers=0)

    async def _begin(self) -> User:
        await usecases.keep_keys(self.auth, now=NOW)
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

    async def bearer(self) -> dict[str, str]:
        """Log in; whoever finds the administrator's id may have disabled them meanwhile."""
        root = await usecases.enable_user(self.auth, user_id=self.root.id, actor="cli", now=NOW)
        entered = await usecases.log_in(
            self.auth, email=root.email, password=PASSWORD, client=CLIENT, now=NOW
        )
        return {"Authorization": f"Bearer {entered.session_id.reveal()}"}


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    pool = PasswordPool(entropy=os.urandom, profile=QUICK, threads=1)
    yield Site(pool)
    pool.close()


REFUSED = [400, 401, 403, 404, 405, 409, 410, 415, 422, 429]

# The whole of a run: the same cases each time, few enough that the suite stays quick.
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 7,
        "workers": 1,
        "generation": {"max-examples": 20, "deterministic": True, "database": "none"},
        "phases": {"stateful": {"enabled": False}},
        "checks": {
            # Too large is refused too; and a schema does not say what makes a password or an e-mail address.
            "negative_data_rejection": {"expected-statuses": [*REFUSED, 413]},
            "positive_data_acceptance": {"expected-statuses": ["2xx", *REFUSED, 503]},
        },
        "operations": [
            # A pass that does not hold is no refusal there: it is the answer.
            {
                "include-operation-id": ["check_session", "check_token"],
                "checks": {"ignored_auth": {"enabled": False}},
            },
            # Nobody may follow here; and schemathesis would read a JWT as JSON.
            {
                "include-operation-id": ["follow_revocations", "revocations"],
                "checks": {
                    "not_a_server_error": {"expected-statuses": ["2xx", "4xx", 503]},
                    "response_schema_conformance": {"enabled": False},
                },
            },
        ],
    }
)


def test_the_api_is_what_its_document_says(site: Site) -> None:
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", site.app, config=CONFIG)

    @schema.auth()
    class Anew:
        """A session for each request: many of them end it."""

        def get(self, case: Any, context: Any) -> dict[str, str]:
            return asyncio.run(site.bearer())

        def set(self, case: Any, data: dict[str, str], context: Any) -> None:
            case.headers.update(data)

    found: list[str] = []
    tried: set[str | None] = set()
    for event in from_schema(schema).execute():
        if isinstance(event, ScenarioFinished):
            tried.add(event.label)
            for checks in event.recorder.checks.values():
                found += [
                    f"{event.label}: {c.name}: {c.failure_info.failure.message} {c.failure_info.code_sample}"
                    for c in checks
                    if c.failure_info
                ]
        elif isinstance(event, NonFatalError):
            found.append(f"{event.label}: {event.info}")
        else:
            assert not isinstance(event, FatalError), event
    assert not found, "\n\n".join(found)
    assert len(tried) > 30
