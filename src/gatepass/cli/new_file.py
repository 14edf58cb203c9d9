"""Files that hold secrets: made for their owner alone, never over what is there."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from gatepass.cli.failure import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_new(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file that must not be there yet, or leave none; its mode holds from the first moment. Raises
    `OSError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the umask says
            file.write(data)
    except OSError:
        path.unlink()
        raise


def write_all(files: Mapping[Path, tuple[bytes, int]]) -> None:
    """Write new files, each with its mode, or none of them. Raises `OSError`."""
    written: list[Path] = []
    try:
        for path, (data, mode) in files.items():
            write_new(path, data, mode=mode)
            written.append(path)
    except OSError:
        for path in written:
            path.unlink()
        raise


def write_out(path: Path | None, data: bytes, *, private: bool) -> None:
    """Write to the file, or to standard output where none is named. Raises `CommandFailed`."""
    if path is None:
        sys.stdout.write(data.decode())
        return
    try:
        write_new(path, data, mode=0o600 if private else 0o644)
    except FileExistsError:
        raise CommandFailed(f"{path} is there already; nothing was written") from None
    except OSError as error:
        raise CommandFailed(f"can't write {path}: {error.strerror}") from None
    print(f"Wrote {path}{' (mode 0600)' if private else ''}.", file=sys.stderr)
