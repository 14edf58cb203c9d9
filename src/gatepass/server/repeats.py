"""What happens when a request comes twice, for a client that lost the answer; the document says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gatepass.server.operation import Operation

_LOOKS: Final = "Changes nothing: send it again as you like."
_ANOTHER_MAIL: Final = "Sent again, another mail goes out, and its link replaces the first."
_USED_UP: Final = "Sent again, it is refused with 410: the link is used up."
_SAME: Final = "Idempotent: sent again, the same answer, and nothing more happens."
_OVER: Final = (
    "Sent again, it is refused with 401, since the session that authorised it is over: take that for done."
)

_OF_METHOD: Final = {
    "GET": _LOOKS,
    "PUT": "Idempotent: sent again, the same answer.",
    "DELETE": "Idempotent: what is gone stays gone. Of what is no longer known the answer is 404.",
}

REPEATS: Final = {
    "ask_reset": _ANOTHER_MAIL,
    "change_email": _ANOTHER_MAIL,
    "change_password": _OVER,
    "check_session": _LOOKS,
    "check_token": _LOOKS,
    "confirm_email": _USED_UP,
    "disable_user": _SAME,
    "enable_user": _SAME,
    "end_other_sessions": "Idempotent: sent again, there are none left to end.",
    "invite_user_again": _ANOTHER_MAIL,
    "invite_user": "Sent again, it is refused with 409: the e-mail address has an account.",
    "issue_tokens": "Sent again, other tokens are issued; of 20 lines of a session the oldest gives way.",
    "log_in": "Sent again, another session begins beside the first; of 100 of a user the oldest gives way.",
    "log_out": _OVER,
    "log_out_everywhere": _OVER,
    "log_out_user": "Sent again, what was begun meanwhile ends too.",
    "refresh": "Sent again within the grace (10 seconds, unless set otherwise) it gets the same tokens; "
    "later it counts as stolen: the session ends.",
    "register": _ANOTHER_MAIL,
    "revoke_tokens": "Sent again, the order counts from then on; a `jti` is taken back once and for all.",
    "set_password": _USED_UP,
}
"""Operation → what a second request does, where the method does not say it; a test holds it complete."""


def repeated(row: Operation) -> str:
    """Say what a second request does."""
    return REPEATS.get(row.name) or _OF_METHOD.get(row.method, "")
