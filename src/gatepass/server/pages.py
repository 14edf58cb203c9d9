"""The pages: rendered here, styled by our own sheet, without a line of script."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from gatepass.server.answers import PROBLEMS, Answer
from gatepass.server.headers import page_headers

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from gatepass.server.answers import Header, Refused

# What a page says to a person; other codes are told in the words of the API.
_WORDS: Final[dict[str, str]] = {
    "csrf": "This form did not come from this site, so nothing was done. Open the page and repeat it.",
    "not_found": "There is no page at this address.",
    "method_not_allowed": "This address can't be used in that way.",
    "invalid_body": "The form was not complete. Go back and try again.",
    "unsupported_media_type": "The form was sent in a way that we don't take.",
    "internal": "Something went wrong on our side. It has been noted; please try again in a moment.",
    "login_refused": "E-mail address or password is wrong. Check both and try again.",
    "busy": "There is a lot to do at this moment. Please try again in a few seconds.",
}


class Asset:
    """A static file, read once; its address changes with its content, so that it may be cached for ever."""

    def __init__(self, name: str, media_type: str) -> None:
        self.body = (resources.files("gatepass.server") / "static" / name).read_bytes()
        self.media_type = media_type
        digest = hashlib.sha256(self.body).hexdigest()[:16]
        self.path = f"/static/{digest}/{name}"

    def answer(self) -> Answer:
        """Give the file."""
        headers = (
            (b"content-type", self.media_type.encode("ascii")),
            (b"cache-control", b"public, max-age=31536000, immutable"),
        )
        return Answer(200, self.body, headers)


class Pages:
    """Renders the templates; everything that they are given is escaped."""

    def __init__(self, *, app_origins: AbstractSet[str]) -> None:
        self._headers = page_headers(app_origins)
        self.assets = (
            Asset("gatepass.css", "text/css; charset=utf-8"),
            Asset("icon.svg", "image/svg+xml"),
        )
        self._environment = Environment(
            loader=PackageLoader("gatepass.server"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["assets"] = {
            asset.path.rpartition("/")[2]: asset.path for asset in self.assets
        }
        self._environment.filters["ago"] = ago
        self._environment.filters["iso"] = iso

    def render(
        self, template: str, *, status: int = 200, headers: tuple[Header, ...] = (), **values: object
    ) -> Answer:
        """Give a page."""
        html = self._environment.get_template(template).render(**values)
        return Answer(status, html.encode(), (*self._headers, *headers))

    def problem(self, refused: Refused) -> Answer:
        """Give the page that says what went wrong and what to do."""
        return self.render(
            "problem.html",
            status=refused.status,
            headers=refused.all_headers(),
            title=HTTPStatus(refused.status).phrase,
            words=words_for(refused),
        )


def words_for(refused: Refused) -> str:
    """Say to a person what went wrong."""
    return refused.detail or _WORDS.get(refused.code) or PROBLEMS[refused.code].detail


def ago(then: float, now: float) -> str:
    """Say in a person's words how long ago something was; without a script no page knows the local time."""
    seconds = max(0, int(now - then))
    if seconds < 45:
        return "just now"
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = round(seconds / size)
        if seconds >= size * 0.75:
            return f"{count} {unit} ago" if count == 1 else f"{count} {unit}s ago"
    return "just now"


def wait(seconds: int) -> str:
    """Say a wait as a person would."""
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = -(-seconds // 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def iso(moment: float) -> str:
    """Write a moment as RFC 3339 in UTC, for `<time datetime>`."""
    return datetime.fromtimestamp(int(moment), UTC).isoformat().replace("+00:00", "Z")
