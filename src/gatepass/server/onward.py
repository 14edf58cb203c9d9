"""Where an answer leads: which operations take what stands in it: the Link Objects of OpenAPI 3.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gatepass.server.messages import AdminUser

if TYPE_CHECKING:
    from gatepass.server.operation import Operation

_USER: Final = (
    "show_user",
    "edit_user",
    "set_roles",
    "set_permissions",
    "disable_user",
    "enable_user",
    "invite_user_again",
    "log_out_user",
    "delete_user",
    "list_events",
)


def _on_user(pointer: str) -> dict[str, Any]:
    return {name: {"parameters": {"user_id": f"$response.body#{pointer}"}} for name in _USER}


def _with(name: str, parameter: str, pointer: str) -> dict[str, Any]:
    return {name: {"parameters": {parameter: f"$response.body#{pointer}"}}}


_RENEWAL: Final = {"refresh": {"requestBody": {"refresh_token": "$response.body#/refresh_token"}}}

ONWARD: Final[dict[str, dict[str, Any]]] = {
    "log_in": _RENEWAL | _with("end_session", "sid", "/sid"),
    "issue_tokens": _RENEWAL,
    "refresh": _RENEWAL | _with("end_session", "sid", "/sid"),
    "who_am_i": _with("end_session", "sid", "/sid"),
    "list_sessions": _with("end_session", "sid", "/sessions/0/sid"),
    "list_all_sessions": _with("end_any_session", "sid", "/sessions/0/session/sid")
    | _with("list_all_sessions", "after", "/next"),
    "list_users": _on_user("/users/0/account/id") | _with("list_users", "after", "/next"),
    "list_events": _with("list_events", "after", "/next"),
}
"""Operation → the operations that its answer leads to; whatever answers with a user leads to all that can be
done to one."""


def onward(row: Operation) -> dict[str, Any]:
    """Say where the answer leads."""
    led = _on_user("/account/id") if AdminUser in row.answers else ONWARD.get(row.name, {})
    return {"links": {name: {"operationId": name, **how} for name, how in led.items()}} if led else {}
