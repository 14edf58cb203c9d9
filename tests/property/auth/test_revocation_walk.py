"""Whatever happens in whatever order: no follower accepts an ended session, and none loses a live one."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Final
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reading import Reader
from tests.unit.auth.house import NOW, add, log_in, next_tokens, open_auth, tokens_for

from gatepass.auth import Revocation, Revoked, revocations, usecases
from gatepass.jose import jwt
from gatepass.oauth import AccessToken, Page, Selects
from gatepass.server import feed as hubs
from gatepass.server.feed import FeedHub
from gatepass.verifier.principal import Principal
from gatepass.verifier.revocations import Revocations

if TYPE_CHECKING:
    from gatepass.auth import Auth, LoggedIn, Tokens

STEPS: Final = [
    "log in",
    "take tokens",
    "renew",
    "end",
    "everywhere",
    "role",
    "grants",
    "compact",
    "forget",
    "read",
]


class Service:
    """A Verifier's own view, fed with the pages that Auth serves, as they come over the wire."""

    def __init__(self, hub: FeedHub) -> None:
        self.hub = hub
        self.view = Revocations(leeway=30)

    async def read(self) -> None:
        more = True
        while more:
            signed = await self.hub.page(self.view.reached)
            self.view.take(Page.from_claims(jwt.peek(signed.text.decode()).claims))
            more = signed.more

    def accepts(self, text: str) -> bool:
        claims = jwt.peek(text).claims
        token = AccessToken.from_claims(claims)
        kid = str(jwt.peek_header(text)["kid"])
        return self.view.verdict(Principal.of_token(token, claims, kid=kid)) is None


class Walk:
    """One user, their sessions and tokens, and two followers: one reads always, one now and then."""

    def __init__(self, auth: Auth, seed: int) -> None:
        self.auth = auth
        self.now = NOW
        self.chance = random.Random(seed)  # noqa: S311 (a walk that can be walked again)
        self.live: list[LoggedIn] = []
        self.ended: set[str] = set()
        self.tokens: list[Tokens] = []
        self.eager, self.lazy = Reader(), Reader()
        hub = FeedHub(auth, issuer=auth.terms.issuer, clock=lambda: self.now)
        self.near, self.far = Service(hub), Service(hub)

    async def step(self, name: str) -> None:
        self.now += 1
        auth, now, chance = self.auth, self.now, self.chance
        if name == "log in" or not self.live:
            self.live.append(await log_in(auth, now=now))
        came = chance.choice(self.live)
        if name == "take tokens":
            found = await auth.store.session_by_sid(came.session.sid)
            assert found is not None
            fresh = came.__class__(came.session_id, *found)
            self.tokens.append(await tokens_for(auth, fresh, now=now))
        elif name == "renew":
            usable = [i for i, one in enumerate(self.tokens) if one.sid not in self.ended]
            if usable:
                i = chance.choice(usable)
                self.tokens.append(await next_tokens(auth, self.tokens.pop(i), now=now))
        elif name == "end":
            await usecases.end_session(auth, sid=came.session.sid, actor="cli", now=now)
            self.live.remove(came)
            self.ended.add(came.session.sid)
        elif name == "everywhere":
            await usecases.log_out_everywhere(auth, user_id=came.user.id, actor="cli", now=now)
            self.ended |= {one.session.sid for one in self.live}
            self.live = []
        elif name == "grants":
            permissions = {f"b:p{int(now)}"}
            await usecases.set_permissions(
                auth, user_id=came.user.id, permissions=permissions, actor="cli", now=now
            )
        elif name == "role":
            await usecases.define_role(auth, name="doctor", permissions={f"a:p{int(now)}"}, now=now)
        elif name == "compact":
            await usecases.compact_revocations(auth, now=now, more_than=1)
        elif name == "forget":
            await usecases.purge(auth, now=now)  # nothing is over yet: nothing may go
        elif name == "read":
            await self.lazy.read(auth.store)
            await self.far.read()
            await self.check(self.far)
        await self.eager.read(auth.store)
        await self.near.read()
        await self.check(self.near)

    async def check(self, service: Service) -> None:
        new = Reader()
        await new.read(self.auth.store)
        for one in self.tokens:
            token = AccessToken.from_claims(jwt.peek(one.access_token).claims)
            # The rules in few words, and the Verifier itself, say the same.
            assert service.accepts(one.access_token) == (new.verdict(token) == "holds")
            if one.sid in self.ended:
                assert not service.accepts(one.access_token)
                assert self.eager.verdict(token) != "holds"
                assert new.verdict(token) != "holds"
            else:
                assert self.eager.verdict(token) != "revoked"
                assert new.verdict(token) != "revoked"

    async def everybody_stays(self) -> None:
        """The twin: who is logged in renews, whatever became stale, and is accepted."""
        await self.lazy.read(self.auth.store)
        await self.far.read()
        for one in self.tokens:
            if one.sid not in self.ended:
                renewed = await next_tokens(self.auth, one, now=self.now + 1)
                token = AccessToken.from_claims(jwt.peek(renewed.access_token).claims)
                assert [r.verdict(token) for r in (self.eager, self.lazy)] == ["holds", "holds"]
                assert [s.accepts(renewed.access_token) for s in (self.near, self.far)] == [True, True]


async def walk(steps: list[str], seed: int) -> None:
    auth = await open_auth()
    await usecases.define_role(auth, name="doctor", permissions={"a:read"}, now=NOW)
    await add(auth, roles=["doctor"])
    walking = Walk(auth, seed)
    for step in steps:
        await walking.step(step)
    await walking.everybody_stays()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(STEPS), min_size=5, max_size=60), st.integers(0, 2**32))
def test_no_order_of_events_lets_a_kicked_out_session_in(steps: list[str], seed: int) -> None:
    with patch.object(hubs, "PAGE_ENTRIES", 3):  # so that every look is a chain of pages
        asyncio.run(walk(steps, seed))


TOKEN = AccessToken(
    iss="https://login.example.org",
    sub="ada",
    aud="clinic",
    client_id="gatepass",
    exp=2_000,
    iat=1_000,
    nbf=1_000,
    jti="j",
    sid="s",
    epoch=5,
    auth_time=1_000,
)
ENTRIES = st.builds(
    Revocation,
    st.sampled_from(Selects),
    st.sampled_from(["ada", "bob", "s", "j", "k", "gatepass"]),
    st.integers(0, 2_000),
    st.just(10**9),
)
STRICTNESS: Final = {"holds": 0, "stale": 1, "revoked": 2}


async def verdict(entries: list[Revocation]) -> int:
    auth = await open_auth()
    await auth.store.commit(*map(Revoked, entries))
    reader = Reader()
    await reader.read(auth.store)
    return STRICTNESS[reader.verdict(TOKEN, kid="k")]


@settings(max_examples=100, deadline=None)
@given(st.lists(ENTRIES, max_size=4), st.lists(ENTRIES, max_size=4))
def test_two_cut_offs_never_cancel_each_other(some: list[Revocation], others: list[Revocation]) -> None:
    async def compare() -> None:
        both = await verdict(some + others)
        assert both == await verdict(others + some)  # whatever their order
        assert both == max(await verdict(some), await verdict(others))  # the strictest of all that match

    asyncio.run(compare())


def test_a_higher_cut_off_is_not_undone_by_a_lower_one_that_follows() -> None:
    cuts = [revocations.user_revoked("ada", below, now=NOW) for below in (6, 2)]
    assert asyncio.run(verdict(cuts)) == STRICTNESS["revoked"]
    assert asyncio.run(verdict(cuts[1:])) == STRICTNESS["holds"]  # the twin
