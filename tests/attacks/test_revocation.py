"""Attacks on what was taken back: each must stay taken back. Each with its accepted twin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.reading import Reader
from tests.unit.auth.house import (
    CLIENT,
    NOW,
    PASSWORD,
    add,
    log_in,
    next_tokens,
    open_auth,
    passwords_of,
    tokens_for,
)

from gatepass.auth import (
    ADMIN,
    CheckedSession,
    NotPermitted,
    PasswordRefused,
    RefreshForm,
    RefreshRefused,
    usecases,
)
from gatepass.jose import Key, jwt
from gatepass.oauth import AccessToken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.server_world import World

    from gatepass.auth import Auth, Tokens, User


@pytest.fixture
async def auth() -> Auth:
    opened = await open_auth()
    await usecases.define_role(opened, name="doctor", permissions={"a:read"}, now=NOW)
    await usecases.define_role(opened, name="boss", permissions={ADMIN}, now=NOW)
    await add(opened, roles=["doctor"])
    return opened


async def verdict(auth: Auth, tokens: Tokens) -> str:
    """What a Service says that has read the feed."""
    reader = Reader()
    await reader.read(auth.store)
    kid = jwt.peek_header(tokens.access_token)["kid"]
    return reader.verdict(AccessToken.from_claims(jwt.peek(tokens.access_token).claims), kid=kid)


OUT: dict[str, Callable[[Auth, User], Awaitable[Any]]] = {
    "disabled, CVE-2024-22513": lambda auth, user: usecases.disable_user(
        auth, user_id=user.id, actor="cli", now=NOW
    ),
    "deleted": lambda auth, user: usecases.delete_user(auth, user_id=user.id, actor="cli", now=NOW),
    "logged out everywhere": lambda auth, user: usecases.log_out_everywhere(
        auth, user_id=user.id, actor=user, now=NOW
    ),
}


@pytest.mark.parametrize("form", list(RefreshForm))
@pytest.mark.parametrize("out", OUT.values(), ids=OUT.keys())
async def test_who_is_out_is_refused_by_services_and_renews_nothing(
    auth: Auth, out: Callable[[Auth, User], Awaitable[Any]], form: RefreshForm
) -> None:
    came = await log_in(auth)
    tokens = await tokens_for(auth, came, form=form)
    await add(auth, "bob@example.org")
    others = await tokens_for(auth, await log_in(auth, "bob@example.org"), form=form)
    await out(auth, came.user)
    assert await verdict(auth, tokens) == "revoked"
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, tokens, now=NOW + 600)
    assert await verdict(auth, others) == "holds"  # the twin
    await next_tokens(auth, others, now=NOW + 600)


async def test_a_deny_listed_token_is_not_refreshed_into_a_good_one_cve_2020_10594(auth: Auth) -> None:
    came = await log_in(auth)
    bad, good = [await tokens_for(auth, came, form=RefreshForm.RENEWAL) for _ in range(2)]
    jti = str(jwt.peek(bad.access_token).claims["jti"])
    await usecases.revoke_token(auth, jti=jti, actor="cli", now=NOW)
    assert (await verdict(auth, bad), await verdict(auth, good)) == ("revoked", "holds")
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, bad, now=NOW + 600)
    assert await verdict(auth, await next_tokens(auth, good, now=NOW + 600)) == "holds"  # the twin


@pytest.mark.parametrize("form", list(RefreshForm))
async def test_a_refresh_that_races_a_change_of_grants_gets_the_new_ones_or_is_stale(
    auth: Auth, form: RefreshForm
) -> None:
    """Whoever commits first: no token says the old grants and passes for current."""
    came = await log_in(auth)
    for _ in range(10):
        tokens = await tokens_for(auth, (await _again(auth, came)), form=form)
        roles = [] if (await _user(auth, came.user)).roles else ["doctor"]
        change = usecases.set_roles(auth, user_id=came.user.id, roles=roles, actor="cli", now=NOW)
        _, fresh = await asyncio.gather(change, next_tokens(auth, tokens, now=NOW + 571))
        user = await _user(auth, came.user)
        granted = frozenset(jwt.peek(fresh.access_token).claims.get("permissions", ()))
        assert (await verdict(auth, fresh) == "holds") == (granted == user.granted)
        assert await verdict(auth, await next_tokens(auth, fresh, now=NOW + 1_200)) == "holds"  # the twin


async def _user(auth: Auth, user: User) -> User:
    found = await auth.store.user_by_id(user.id)
    assert found is not None
    return found


async def _again(auth: Auth, came: Any) -> Any:
    return msgspec.structs.replace(came, user=await _user(auth, came.user))


@pytest.mark.parametrize("alg", ["Ed25519", "RS256", "ES256"])
async def test_a_thief_of_the_private_key_who_rewrites_an_issued_jwt_renews_nothing(alg: str) -> None:
    """Ed25519 and RS256 sign the same claims to the same text: a log line of claims is enough for it."""
    auth = await open_auth(signing_algorithm=alg)
    await add(auth)
    tokens = await tokens_for(auth, await log_in(auth), form=RefreshForm.RENEWAL)
    stolen: Key = auth.keyring.ring.signing_key(NOW)
    rewritten = jwt.sign(jwt.peek(tokens.access_token).claims, stolen, typ="at+jwt")
    assert (rewritten == tokens.access_token) == (alg != "ES256")
    await usecases.revoke_key(auth, kid=stolen.kid or "", now=NOW)
    assert await verdict(auth, tokens) == "revoked"
    with pytest.raises(RefreshRefused):
        await usecases.renew(auth, expired_token=rewritten, client=CLIENT, now=NOW + 600)
    fresh = await tokens_for(auth, await log_in(auth), form=RefreshForm.RENEWAL)  # the twin
    assert await verdict(auth, fresh) == "holds"
    await next_tokens(auth, fresh, now=NOW + 600)


TAKEN: dict[str, Callable[[Auth, User, User], Awaitable[Any]]] = {
    "gives themselves the role that they lack": lambda auth, root, _: usecases.set_roles(
        auth, user_id=root.id, roles=["boss"], actor=root, now=NOW
    ),
    "gives another one the role": lambda auth, root, ada: usecases.set_roles(
        auth, user_id=ada.id, roles=["boss"], actor=root, now=NOW
    ),
    "gives another one the permission": lambda auth, root, ada: usecases.set_permissions(
        auth, user_id=ada.id, permissions=[ADMIN], actor=root, now=NOW
    ),
    "takes it from another administrator": lambda auth, root, _: usecases.set_permissions(
        auth, email="rival@example.org", permissions=[], actor=root, now=NOW
    ),
    "takes it from themselves": lambda auth, root, _: usecases.set_permissions(
        auth, user_id=root.id, permissions=[], actor=root, now=NOW
    ),
    "deletes another administrator": lambda auth, root, _: usecases.delete_user(
        auth, email="rival@example.org", actor=root, now=NOW
    ),
    "brings a disabled one back": lambda auth, root, _: usecases.enable_user(
        auth, email="gone@example.org", actor=root, now=NOW
    ),
}


@pytest.mark.parametrize("act", TAKEN.values(), ids=TAKEN.keys())
async def test_an_administrator_makes_and_unmakes_no_administrator(
    auth: Auth, act: Callable[[Auth, Any, User], Awaitable[Any]]
) -> None:
    root = await add(auth, "root@example.org", permissions=[ADMIN])
    ada = (await log_in(auth)).user
    for email in ("rival@example.org", "gone@example.org"):
        await add(auth, email, permissions=[ADMIN])
    await usecases.disable_user(auth, email="gone@example.org", actor="cli", now=NOW)
    before = await auth.store.users_page(None, 9)
    with pytest.raises(NotPermitted):
        await act(auth, root, ada)
    assert await auth.store.users_page(None, 9) == before
    # The twin: what makes nobody one.
    await usecases.set_roles(auth, user_id=ada.id, roles=[], actor=root, now=NOW)
    await usecases.set_permissions(auth, user_id=root.id, permissions=[ADMIN, "a:read"], actor=root, now=NOW)


async def test_asking_for_the_current_password_tells_of_nobody_else(auth: Auth, world: World) -> None:
    """Enumeration: the question is about the one who asks, and no address can be put into it."""
    came = await log_in(auth)
    checked = CheckedSession(came.session, came.user)
    before = len(passwords_of(auth).verified)
    for guess in ("wrong password", "", "x" * 1_000_000):
        with pytest.raises(PasswordRefused) as refused:
            await usecases.change_password(
                auth, checked=checked, current=guess, new="another password", client=CLIENT, now=NOW
            )
        assert "example.org" not in str(refused.value)
    assert len(passwords_of(auth).verified) == before + 3  # always one hash
    async with world.client() as client:
        mine = {"authorization": f"Bearer {await world.session(client)}"}
        body = {"current_password": "x", "new_password": "another password", "email": "eve@example.org"}
        answer = await client.post("/api/password", json=body, headers=mine)
        assert (answer.status_code, answer.json()["field"]) == (400, "email")
    await usecases.change_password(
        auth, checked=checked, current=PASSWORD, new="another password", client=CLIENT, now=NOW
    )  # the twin
