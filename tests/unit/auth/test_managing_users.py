"""Enabling, deleting, granting, logging out everywhere: who may, and what is then so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.auth.house import NOW, add, events, log_in, next_tokens, open_auth, tokens_for

from gatepass.auth import (
    ADMIN,
    InvalidInput,
    LoginRefused,
    NotPermitted,
    RefreshForm,
    RefreshRefused,
    RoleDefined,
    RoleUnknown,
    SessionRefused,
    UserStatus,
    UserUnknown,
    usecases,
)
from gatepass.jose import jwt
from gatepass.storage import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gatepass.auth import Auth, User


@pytest.fixture
async def auth() -> Auth:
    opened = await open_auth()
    await usecases.define_role(opened, name="doctor", permissions={"a:read"}, now=NOW)
    await usecases.define_role(opened, name="boss", permissions={ADMIN, "a:read"}, now=NOW)
    return opened


@pytest.fixture
async def root(auth: Auth) -> User:
    return await add(auth, "root@example.org", permissions=[ADMIN])


async def test_an_enabled_user_logs_in_again_and_nothing_from_before_lives(auth: Auth) -> None:
    ada = await add(auth)
    came = await log_in(auth)
    tokens = await tokens_for(auth, came)
    await usecases.disable_user(auth, user_id=ada.id, actor="cli", now=NOW)
    enabled = await usecases.enable_user(auth, email="ADA@example.org", actor="cli", now=NOW)
    assert (enabled.status, enabled.epoch, enabled.revoked_below) == (UserStatus.ACTIVE, 2, 1)
    assert await usecases.enable_user(auth, user_id=ada.id, actor="cli", now=NOW) == enabled  # a retry
    with pytest.raises(SessionRefused):
        await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)
    with pytest.raises(SessionRefused):
        await usecases.check_access_token(auth, token=tokens.access_token, now=NOW)
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, tokens, now=NOW)
    again = await tokens_for(auth, await log_in(auth))
    await usecases.check_access_token(auth, token=again.access_token, now=NOW)
    assert (await events(auth)).count("user_enabled") == 1


async def test_a_deleted_user_is_gone_and_the_address_is_free(auth: Auth) -> None:
    ada = await add(auth, roles=["doctor"])
    came = await log_in(auth)
    tokens = await tokens_for(auth, came)
    assert await usecases.delete_user(auth, email="ada@example.org", actor="cli", now=NOW) == ada
    with pytest.raises(UserUnknown):
        await usecases.delete_user(auth, user_id=ada.id, actor="cli", now=NOW)
    with pytest.raises(LoginRefused):
        await log_in(auth)
    with pytest.raises(SessionRefused):
        await usecases.check_access_token(auth, token=tokens.access_token, now=NOW)
    with pytest.raises(SessionRefused):
        await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, tokens, now=NOW)
    log = [recorded.event for recorded in await auth.store.events_after(0, 99)]
    assert [event.user_id for event in log if event.kind == "logged_in"] == [ada.id]
    again = await add(auth)
    assert again.id != ada.id


async def test_logging_out_everywhere_ends_all_and_the_next_log_in_holds(auth: Auth) -> None:
    ada = await add(auth)
    came = [await log_in(auth) for _ in range(3)]
    tokens = await tokens_for(auth, came[0], form=RefreshForm.RENEWAL)
    commits = auth.store.commits
    cut = await usecases.log_out_everywhere(auth, user_id=ada.id, actor=ada, now=NOW)
    assert auth.store.commits == commits + 1
    assert (cut.epoch, cut.revoked_below) == (1, 1)
    assert await usecases.list_sessions(auth, user_id=ada.id, now=NOW) == []
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, tokens, now=NOW + 600)
    late = await log_in(auth)
    await usecases.check_session(auth, session_id=late.session_id.reveal(), now=NOW)


async def test_everybody_logs_out_themselves_and_an_administrator_anybody(auth: Auth, root: User) -> None:
    ada, bob = await add(auth), await add(auth, "bob@example.org")
    with pytest.raises(NotPermitted):
        await usecases.log_out_everywhere(auth, user_id=bob.id, actor=ada, now=NOW)
    with pytest.raises(NotPermitted):
        await usecases.log_out_everywhere(auth, user_id="nobody", actor=ada, now=NOW)  # tells nothing
    with pytest.raises(UserUnknown):
        await usecases.log_out_everywhere(auth, user_id="nobody", actor=root, now=NOW)
    await usecases.log_out_everywhere(auth, user_id=bob.id, actor=root, now=NOW)
    await usecases.log_out_everywhere(auth, email=bob.email, actor="cli", now=NOW)
    log = [recorded.event for recorded in await auth.store.events_after(0, 99)]
    ends = [(e.actor, e.reason) for e in log if e.kind == "all_sessions_ended"]
    assert ends == [(root.id, "ended_by_admin"), ("cli", "ended_by_admin")]


async def test_grants_are_the_whole_set_and_reach_the_next_token(auth: Auth) -> None:
    ada = await add(auth)
    came = await log_in(auth)
    tokens = await tokens_for(auth, came)
    await usecases.set_roles(auth, user_id=ada.id, roles=["doctor"], actor="cli", now=NOW)
    changed = await usecases.set_permissions(
        auth, email=ada.email, permissions=["b:read"], actor="cli", now=NOW
    )
    assert changed.roles == {"doctor"}
    assert changed.permissions == {"b:read"}
    assert changed.granted == {"a:read", "b:read"}
    assert (changed.epoch, changed.revoked_below) == (2, 0)
    renewed = await next_tokens(auth, tokens, now=NOW)
    claims = jwt.peek(renewed.access_token).claims
    assert (claims["permissions"], claims["epoch"]) == (["a:read", "b:read"], 2)
    await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)  # nobody is out
    commits = auth.store.commits
    again = await usecases.set_roles(auth, user_id=ada.id, roles=["doctor"], actor="cli", now=NOW)
    assert (again, auth.store.commits) == (changed, commits)  # a retry
    none = await usecases.set_roles(auth, user_id=ada.id, roles=[], actor="cli", now=NOW)
    assert none.granted == {"b:read"}


async def test_what_can_not_be_granted_is_named(auth: Auth) -> None:
    ada = await add(auth)
    with pytest.raises(RoleUnknown):
        await usecases.set_roles(auth, user_id=ada.id, roles=["nurse"], actor="cli", now=NOW)
    with pytest.raises(InvalidInput):
        await usecases.set_roles(auth, user_id=ada.id, roles=["Not A Name"], actor="cli", now=NOW)
    with pytest.raises(InvalidInput):
        await usecases.set_permissions(auth, user_id=ada.id, permissions=["A B"], actor="cli", now=NOW)
    with pytest.raises(UserUnknown):
        await usecases.set_roles(auth, user_id="nobody", roles=[], actor="cli", now=NOW)
    assert await usecases.find_user(auth, user_id=ada.id, actor="cli") == ada


async def test_a_role_that_changes_while_it_is_given_is_given_as_it_is_then() -> None:
    class Overtaken(MemoryStore):
        """Once, when roles are looked up, somebody else is a moment quicker."""

        other: Any = None

        async def roles(self) -> Mapping[str, frozenset[str]]:
            found = await super().roles()
            if self.other is not None:
                other, self.other = self.other, None
                await self.commit(other)
            return found

    store = Overtaken()
    auth = await open_auth(store)
    await usecases.define_role(auth, name="doctor", permissions={"old:read"}, now=NOW)
    ada = await add(auth)
    store.other = RoleDefined("doctor", frozenset({"new:read"}), frozenset({"old:read"}), 0)
    given = await usecases.set_roles(auth, user_id=ada.id, roles=["doctor"], actor="cli", now=NOW)
    assert given.granted == {"new:read"}


async def test_enabling_and_granting_at_once_do_not_undo_each_other(auth: Auth) -> None:
    """Each writes the whole user; whoever looked before the other wrote must look again."""
    ada = await add(auth)
    await usecases.disable_user(auth, user_id=ada.id, actor="cli", now=NOW)
    roles = auth.store.roles

    async def enabled_meanwhile() -> Mapping[str, frozenset[str]]:
        await usecases.enable_user(auth, user_id=ada.id, actor="cli", now=NOW)
        return await roles()

    auth.store.roles = enabled_meanwhile  # type: ignore[method-assign]
    given = await usecases.set_roles(auth, user_id=ada.id, roles=["doctor"], actor="cli", now=NOW)
    assert given.status is UserStatus.ACTIVE
    assert given.roles == {"doctor"}


async def test_only_administrators_and_the_command_line_manage_users(auth: Auth, root: User) -> None:
    ada, bob = await add(auth), await add(auth, "bob@example.org")

    async def all_of(actor: Any) -> list[str]:
        done = []
        for name, order in {
            "find": usecases.find_user(auth, user_id=bob.id, actor=actor),
            "roles": usecases.set_roles(auth, user_id=bob.id, roles=["doctor"], actor=actor, now=NOW),
            "permissions": usecases.set_permissions(
                auth, user_id=bob.id, permissions=["b:read"], actor=actor, now=NOW
            ),
            "disable": usecases.disable_user(auth, user_id=bob.id, actor=actor, now=NOW),
            "enable": usecases.enable_user(auth, user_id=bob.id, actor=actor, now=NOW),
            "jti": usecases.revoke_token(auth, jti="j", actor=actor, now=NOW),
            "client": usecases.revoke_client(auth, client_id="c", actor=actor, now=NOW),
            "everything": usecases.revoke_everything(auth, actor=actor, now=NOW),
            "delete": usecases.delete_user(auth, user_id=bob.id, actor=actor, now=NOW),
        }.items():
            try:
                await order
            except NotPermitted:
                continue
            done.append(name)
        return done

    assert await all_of(ada) == []
    assert len(await all_of(root)) == 9  # the twin
