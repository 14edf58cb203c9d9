"""Forms that come back: what is said beside them when what was sent could not be taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gatepass.auth import InvalidInput, TooManyAttempts
from gatepass.server.pages import wait, words_for
from gatepass.server.refusals import refusal_of

if TYPE_CHECKING:
    from gatepass.auth import AuthError
    from gatepass.server.answers import Answer, Header, Refused
    from gatepass.server.request import Call

# Fields whose label is not simply their name with spaces.
_LABELS: Final = {"email": "e-mail address"}


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with a form, for a person; and the status and headers under which it comes back."""

    words: str
    status: int = 422
    headers: tuple[Header, ...] = ()


def objection(call: Call, error: AuthError) -> Objection:
    """Say why a form comes back, to the operator too."""
    call.log_refusal(label=f"{call.scope['method']} {call.scope['path']}", code=error.code)
    refused = refusal_of(error)
    return Objection(_words(error, refused), refused.status, refused.all_headers())


def form(call: Call, template: str, against: Objection | None = None, **values: object) -> Answer:
    """Give the page with a form, and what is said against what was sent."""
    pages = call.site.pages
    if against is None:
        return pages.render(template, status=200, headers=(), error=None, **values)
    return pages.render(
        template, status=against.status, headers=against.headers, error=against.words, **values
    )


def _words(error: AuthError, refused: Refused) -> str:
    if isinstance(error, InvalidInput):
        return f"The {_LABELS.get(error.field, error.field.replace('_', ' '))} {error.reason}."
    if isinstance(error, TooManyAttempts):
        return f"Too many attempts. Please wait {wait(error.retry_after)}, then try again."
    return words_for(refused)
