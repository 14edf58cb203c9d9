"""Answers that others may keep: how long, and 304 to who has one already (RFC 9110 §13.1.2, RFC 9111)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from gatepass.server.answers import Answer

if TYPE_CHECKING:
    from gatepass.server.answers import Header
    from gatepass.server.request import Call


def cached(call: Call, answer: Answer, *, control: str) -> Answer:
    """Add an ETag and the Cache-Control `control`; 304 to who has the same body already."""
    etag = b'"' + hashlib.sha256(answer.body).hexdigest()[:32].encode() + b'"'
    headers: tuple[Header, ...] = ((b"cache-control", control.encode("ascii")), (b"etag", etag))
    asked = call.header(b"if-none-match")
    if asked is not None and _names(asked, etag.decode()):
        return Answer(304, b"", headers)
    return Answer(answer.status, answer.body, (*answer.headers, *headers))


def _names(if_none_match: str, etag: str) -> bool:
    """Compare weakly, as `If-None-Match` wants (RFC 9110 §13.1.2)."""
    texts = [text.strip().removeprefix("W/") for text in if_none_match.split(",")]
    return etag in texts or texts == ["*"]
