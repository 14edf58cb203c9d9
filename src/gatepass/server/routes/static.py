"""What the pages are styled by: files whose address changes with their content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.server.answers import Refused
from gatepass.server.operation import Page

if TYPE_CHECKING:
    from gatepass.server.answers import Answer
    from gatepass.server.request import Call


async def static(call: Call) -> Answer:
    """Give the style sheet or the icon."""
    path = call.scope["path"]
    for asset in call.site.pages.assets:
        if asset.path == path:
            return asset.answer()
    raise Refused("not_found")


PAGES: Final = (Page(method="GET", path="/static/{digest}/{name}", handler=static),)
