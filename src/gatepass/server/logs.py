"""The log: lines for people or for programs, each with the id of the request that it belongs to."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Final, Literal

from gatepass.server.request_id import REQUEST_ID

_CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    0x2028: "\\u2028",
    0x2029: "\\u2029",
}
"""What could end a line or move a cursor, and how it is written instead."""


class TextLines(logging.Formatter):
    """One line for a person; a traceback takes more, each of them indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        ident = REQUEST_ID.get()
        request = "" if ident is None else f" [{ident}]"
        said = record.getMessage().translate(_CONTROL)
        line = f"{_time(record)} {record.levelname} {record.name}:{request} {said}"
        trace = _trace(self, record)
        return line if trace is None else "\n    ".join([line, *map(_plain, trace.splitlines())])


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII alone."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        written = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": REQUEST_ID.get(),
            "exception": _trace(self, record),
        }
        return json.dumps({name: value for name, value in written.items() if value is not None})


_FORMATS: Final = {"text": TextLines, "json": JsonLines}


def configure_logs(form: Literal["text", "json"], level: str) -> None:
    """Write every logger's lines to standard error in that form, from that level upwards."""
    handler = logging.StreamHandler()
    handler.setFormatter(_FORMATS[form]())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)


def _time(record: logging.LogRecord) -> str:
    """Write when, in UTC: lines of several machines are put side by side, and in autumn a local hour comes
    twice."""
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return time.replace("+00:00", "Z")


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str | None:
    return formatter.formatException(record.exc_info) if record.exc_info else None


def _plain(line: str) -> str:
    return line.translate(_CONTROL)
