"""What an administrator sees of users and does to them; auth itself asks for `gatepass:admin`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import By, NotPermitted, UserUnknown, may_administer, usecases
from gatepass.server.answers import Refused
from gatepass.server.bodies import AdminUsersPage, InviteBody, PermissionsBody, ProfileBody, RolesBody
from gatepass.server.messages import AdminUser, AdminUsers
from gatepass.server.operation import Access, Operation
from gatepass.server.shapes import admin_user

if TYPE_CHECKING:
    from gatepass.server.operation import Handler
    from gatepass.server.request import Call


async def list_users(call: Call, page: AdminUsersPage) -> AdminUsers:
    """List all users, a part at a time, or those that are looked for."""
    wanted = {By.EMAIL: page.email_prefix, By.NAME: page.name, By.ROLE: page.role}
    searches = [(by, text) for by, text in wanted.items() if text is not None]
    if len(searches) + (page.email is not None) > 1:
        raise Refused("invalid_request", detail="Look for one of email, email_prefix, name and role.")
    if searches:
        return await _searched(call, page, *searches[0])
    if page.email is not None:
        return await _with_address(call, page.email)
    found = await usecases.list_users(
        call.site.auth, actor=call.checked.user, after=page.after, limit=page.limit
    )
    # A part that is not full is the last one; a full one may be, and then the next is empty.
    following = found[-1].email if len(found) == page.limit else None
    return AdminUsers(users=[admin_user(user) for user in found], next=following)


async def _searched(call: Call, page: AdminUsersPage, by: By, text: str) -> AdminUsers:
    actor = call.checked.user
    places = await usecases.search_users(
        call.site.auth, by=by, text=text, actor=actor, after=page.after, limit=page.limit
    )
    behind = places[-1].place if len(places) == page.limit else None
    return AdminUsers(users=[admin_user(one.user) for one in places], next=behind)


async def _with_address(call: Call, email: str) -> AdminUsers:
    """Nobody is a list too, of none."""
    try:
        found = [await usecases.find_user(call.site.auth, email=email, actor=call.checked.user)]
    except UserUnknown:
        found = []
    return AdminUsers(users=[admin_user(user) for user in found], next=None)


async def show_user(call: Call, _: None) -> AdminUser:
    """Show one user."""
    user_id, actor = call.path_value("user_id"), call.checked.user
    return admin_user(await usecases.find_user(call.site.auth, user_id=user_id, actor=actor))


async def invite(call: Call, body: InviteBody) -> AdminUser:
    """Make an account; a link to choose the password is sent."""
    user = await usecases.invite_user(
        call.site.auth,
        email=body.email,
        first_name=body.first_name,
        last_name=body.last_name,
        roles=body.roles,
        permissions=body.permissions,
        actor=call.checked.user,
        client=call.client,
        now=call.now,
    )
    return admin_user(user)


async def invite_again(call: Call, _: None) -> AdminUser:
    """Send the link once more, to who has not chosen a password yet."""
    user = await usecases.invite_again(
        call.site.auth,
        user_id=call.path_value("user_id"),
        actor=call.checked.user,
        client=call.client,
        now=call.now,
    )
    return admin_user(user)


async def edit(call: Call, body: ProfileBody) -> AdminUser:
    """Change names and e-mail address."""
    user = await usecases.edit_user(
        call.site.auth,
        user_id=call.path_value("user_id"),
        new_email=body.email,
        first_name=body.first_name,
        last_name=body.last_name,
        actor=call.checked.user,
        client=call.client,
        now=call.now,
    )
    return admin_user(user)


async def set_roles(call: Call, body: RolesBody) -> AdminUser:
    """Give a user these roles and no others."""
    user = await usecases.set_roles(
        call.site.auth,
        user_id=call.path_value("user_id"),
        roles=body.roles,
        actor=call.checked.user,
        client=call.client,
        now=call.now,
    )
    return admin_user(user)


async def set_permissions(call: Call, body: PermissionsBody) -> AdminUser:
    """Give a user these permissions, and beside those of the roles no others."""
    user = await usecases.set_permissions(
        call.site.auth,
        user_id=call.path_value("user_id"),
        permissions=body.permissions,
        actor=call.checked.user,
        client=call.client,
        now=call.now,
    )
    return admin_user(user)


async def disable(call: Call, _: None) -> AdminUser:
    """Shut a user out."""
    user_id, actor = call.path_value("user_id"), call.checked.user
    return admin_user(
        await usecases.disable_user(
            call.site.auth, user_id=user_id, actor=actor, client=call.client, now=call.now
        )
    )


async def enable(call: Call, _: None) -> AdminUser:
    """Let a user in again."""
    user_id, actor = call.path_value("user_id"), call.checked.user
    return admin_user(
        await usecases.enable_user(
            call.site.auth, user_id=user_id, actor=actor, client=call.client, now=call.now
        )
    )


async def log_out_everywhere(call: Call, _: None) -> None:
    """End everything that a user holds."""
    if not may_administer(call.checked.user):
        raise NotPermitted  # for oneself there is /api/sessions/end-all
    user_id, actor = call.path_value("user_id"), call.checked.user
    await usecases.log_out_everywhere(
        call.site.auth, user_id=user_id, actor=actor, client=call.client, now=call.now
    )


async def delete(call: Call, _: None) -> None:
    """Delete a user."""
    user_id, actor = call.path_value("user_id"), call.checked.user
    await usecases.delete_user(call.site.auth, user_id=user_id, actor=actor, client=call.client, now=call.now)


def _on_user(
    method: str,
    path: str,
    handler: Handler,
    *,
    name: str,
    summary: str,
    body: type[RolesBody | PermissionsBody | ProfileBody] | None = None,
    status: int = 200,
    problems: frozenset[str] = frozenset(),
) -> Operation:
    """Write a row on one user; all of them answer with the user, but for those that answer with nothing."""
    found = problems | {"insufficient_scope", "not_found"} | (set() if body is None else {"invalid_input"})
    return Operation(
        method=method,
        path=f"/api/admin/users/{{user_id}}{path}",
        name=name,
        summary=f"{summary} (needs gatepass:admin)",
        tag="administration",
        handler=handler,
        access=Access.LOGGED_IN,
        body=body,
        answers=(AdminUser,) if status == 200 else (),
        status=status,
        problems=frozenset(found),
    )


ROWS: Final = (
    Operation(
        method="GET",
        path="/api/admin/users",
        name="list_users",
        summary="List all users, or find them by e-mail address, name or role (needs gatepass:admin)",
        tag="administration",
        handler=list_users,
        access=Access.LOGGED_IN,
        query=AdminUsersPage,
        answers=(AdminUsers,),
        problems=frozenset({"insufficient_scope", "invalid_input"}),
    ),
    Operation(
        method="POST",
        path="/api/admin/users",
        name="invite_user",
        summary="Make an account; its owner gets a link to choose the password (needs gatepass:admin)",
        tag="administration",
        handler=invite,
        access=Access.LOGGED_IN,
        body=InviteBody,
        answers=(AdminUser,),
        status=201,
        problems=frozenset({"insufficient_scope", "invalid_input", "email_taken"}),
    ),
    _on_user(
        "POST",
        "/invite",
        invite_again,
        name="invite_user_again",
        summary="Send another one-time link to a user who has no password yet",
    ),
    _on_user(
        "PUT",
        "/profile",
        edit,
        name="edit_user",
        summary="Change a user's names or e-mail address",
        body=ProfileBody,
        problems=frozenset({"email_taken"}),
    ),
    _on_user("GET", "", show_user, name="show_user", summary="Show a user"),
    _on_user(
        "PUT",
        "/roles",
        set_roles,
        name="set_roles",
        summary="Set a user's roles, all of them",
        body=RolesBody,
    ),
    _on_user(
        "PUT",
        "/permissions",
        set_permissions,
        name="set_permissions",
        summary="Set a user's single permissions, all of them",
        body=PermissionsBody,
    ),
    _on_user("POST", "/disable", disable, name="disable_user", summary="Shut a user out at once"),
    _on_user("POST", "/enable", enable, name="enable_user", summary="Let a user in again"),
    _on_user(
        "POST",
        "/log-out-everywhere",
        log_out_everywhere,
        name="log_out_user",
        summary="End all sessions of a user",
        status=204,
    ),
    _on_user("DELETE", "", delete, name="delete_user", summary="Delete a user", status=204),
)
