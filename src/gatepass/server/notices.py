"""What a page may say after something was done elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gatepass.server.request import Call

# The query names the line, it never brings the words.
_DONE: Final[dict[str, str]] = {
    "logged-out": "You are logged out.",
    "ended": "That session is ended.",
    "others-ended": "All your other sessions are ended.",
    "everywhere": "You are logged out everywhere.",
    "password": "Your password is changed, and everything else of yours is logged out.",
    "password-set": "Your password is set. Log in with it.",
    "names": "Your names are changed.",
    "email-asked": "A link is on its way to the new address. It changes when you open it.",
    "email": "Your e-mail address is changed.",
    "gone": "That session had ended already.",
}


def notice_of(call: Call) -> str | None:
    """Give the line that the query names, if it names one."""
    return _DONE.get(call.query().get("done", ""))
