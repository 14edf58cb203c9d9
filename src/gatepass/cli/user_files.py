"""Files of users: CSV and JSON Lines, a user a line, read and written.

A line is a record in both, so a line that is broken is one user and not the rest of the file, and its number
is the one that an editor shows.
"""

from __future__ import annotations

import csv
import hashlib
from io import StringIO
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.auth import COLUMNS, Line, Refusal
from gatepass.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from io import BufferedReader
    from pathlib import Path

    from gatepass.auth import User

FORMATS: Final = ("csv", "jsonl")
LONGEST: Final = 16_384
"""Bytes of a line; many times what a user with every column at its longest takes."""
EXPORTED: Final = ("id", "email", "first_name", "last_name", "roles", "permissions", "disabled", "created_at")
"""What `import` reads back: everything but the password."""


class UserFile:
    """A file to import; `names` says which of its columns is which of ours."""

    def __init__(self, file: BufferedReader, form: str, names: Mapping[str, str]) -> None:
        self._file = file
        self._names = names
        self._form = form
        self.source = hashlib.file_digest(file, "sha256").hexdigest()
        """The content's SHA-256, in hex."""
        self.size = file.tell()
        file.seek(0)
        self.place = 0
        """Bytes that were read so far."""

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def lines(self) -> Iterator[Line | Refusal]:
        """Give every line, or why it can't be read. Raises `CommandFailed` where its header is of no use."""
        header: list[str] | None = None
        for number, raw in enumerate(self._raw_lines(), start=1):
            try:
                text = _text(raw, first=number == 1)
                if self._form == "csv" and header is None:
                    header = self._header(text)
                elif text.strip():
                    fields = _csv_fields(text, header) if header is not None else _json_fields(text)
                    yield Line(number, self._renamed(fields))
            except ValueError as error:
                if self._form == "csv" and header is None:
                    raise CommandFailed(f"line 1, which names the columns, {error}") from None
                yield Refusal(number, f"line: {error}")

    def _raw_lines(self) -> Iterator[bytes | None]:
        """Read line by line, never more than one; None stands for one that is too long."""
        while raw := self._file.readline(LONGEST + 1):
            self.place += len(raw)
            too_long = len(raw) > LONGEST
            while too_long and not raw.endswith(b"\n") and (raw := self._file.readline(LONGEST)):
                self.place += len(raw)
            yield None if too_long else raw

    def _header(self, text: str) -> list[str]:
        columns = [name.strip() for name in _cells(text)]
        found = [self._names.get(name, name) for name in columns]
        if missing := {"email", "first_name", "last_name"} - set(found):
            maps = " ".join(f"--map {name}=THEIRS" for name in sorted(missing))
            raise ValueError(f"has no {', '.join(sorted(missing))}; say which is which: {maps}")
        self._refuse_unknown(found)
        if len(set(found) - {""}) < len([name for name in found if name]):
            raise ValueError("has a column twice")
        return columns

    def _renamed(self, fields: Mapping[str, str]) -> dict[str, str]:
        found = {self._names.get(name, name): value for name, value in fields.items()}
        self._refuse_unknown(found)
        return {name: value for name, value in found.items() if name}

    def _refuse_unknown(self, names: Sequence[str] | Mapping[str, str]) -> None:
        if any(name and name not in COLUMNS for name in names):
            raise ValueError(
                f"has a column that is none of {', '.join(COLUMNS)}; pass over it with --map =THEIRS"
            )


def _text(raw: bytes | None, *, first: bool) -> str:
    if raw is None:
        raise ValueError(f"has more than {LONGEST} bytes")
    try:
        text = raw.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    return text.rstrip("\r\n")


def _cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        raise ValueError("is no line of CSV by itself; is a quotation mark missing?") from None


def _csv_fields(text: str, header: Sequence[str]) -> dict[str, str]:
    cells = _cells(text)
    if len(cells) != len(header):
        raise ValueError(f"has {len(cells)} columns, and the first line {len(header)}")
    return dict(zip(header, cells, strict=True))


_Value = str | bool | int | float | list[str] | None
_OBJECT: Final = msgspec.json.Decoder(dict[str, _Value])


def _json_fields(text: str) -> dict[str, str]:
    try:
        fields = _OBJECT.decode(text)
    except msgspec.ValidationError:
        raise ValueError("must be an object of texts, numbers, true, false and lists of texts") from None
    except msgspec.DecodeError:
        raise ValueError("is no JSON") from None
    return {name: _as_text(value) for name, value in fields.items() if value is not None}


def _as_text(value: _Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return " ".join(value) if isinstance(value, list) else str(value)


def open_users(path: Path, form: str | None, names: Mapping[str, str]) -> UserFile:
    """Open a file of users; its format is what its name says, unless told. Raises `CommandFailed`."""
    form = form or {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}.get(path.suffix.lower())
    if form is None:
        raise CommandFailed(f"{path} is named neither .csv nor .jsonl; say which it is: --format csv")
    try:
        return UserFile(path.open("rb"), form, names)
    except OSError as error:
        raise CommandFailed(f"can't read {path}: {error.strerror}") from None


def header_line(form: str) -> str:
    """Give what stands before the first user."""
    return _csv_line(EXPORTED) if form == "csv" else ""


def user_line(user: User, form: str) -> str:
    """Write a user without secrets, as `import` reads it."""
    roles, permissions = sorted(user.roles), sorted(user.permissions)
    disabled = user.status == "disabled"
    known = [user.id, user.email, user.first_name, user.last_name]
    if form == "csv":
        lists = [" ".join(roles), " ".join(permissions)]
        return _csv_line([*known, *lists, _as_text(disabled), repr(user.created_at)])
    values = [*known, roles, permissions, disabled, user.created_at]
    return msgspec.json.encode(dict(zip(EXPORTED, values, strict=True))).decode() + "\n"


def _csv_line(cells: Sequence[str]) -> str:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
