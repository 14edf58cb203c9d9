"""What a Service keeps on disk: the keys and the view, so that it can start while Auth is down.

Whoever can write here could plant keys. So the folder and the files are their owner's alone, and what others
could have written is not read. The pages of the view carry Auth's signature and are checked when they are
loaded; the keys carry none.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from gatepass.jose import JoseError, KeySet

try:
    import fcntl
except ImportError:  # pragma: no cover (Windows)
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gatepass.oauth import Page

log: Final = logging.getLogger("gatepass.verifier")

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a file that is read: four times a view of a million entries."""

REWRITTEN_AFTER: Final = 12 * 3600.0
"""Seconds after which the view is written anew: the pages of an older one have no signature that still counts
(their `exp`, and keys that were retired)."""

_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)


class StoredKeys(msgspec.Struct, frozen=True):
    """A key set as it was fetched."""

    issuer: str
    fetched_at: float
    """Seconds since the epoch, by this machine's clock."""
    jwks: str


class LastHeard(msgspec.Struct, frozen=True):
    """The newest page, and when the view was last true by this machine's clock."""

    at: float
    page: str


class Shelf:
    """The files of one issuer in one folder. One process at a time writes them, any number read them."""

    def __init__(self, folder: Path, *, issuer: str) -> None:
        self._issuer = issuer
        name = hashlib.sha256(issuer.encode()).hexdigest()[:16]
        self._keys = folder / f"{name}.keys"
        self._pages = folder / f"{name}.pages"
        self._coming = folder / f"{name}.pages.coming"
        self._heard = folder / f"{name}.heard"
        self._lock = _Lock(folder / f"{name}.lock")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._usable = _is_ours(folder.stat())
        if not self._usable:
            log.warning("nothing is kept in %s: others can write there; give a folder of its own", folder)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._growing: Path | None = None
        """Where pages of this process go; None before its first full answer."""
        self._appended = 0
        """Characters since that answer was whole."""
        self._begun_at = float("-inf")
        """When that answer began; seconds since the epoch, by this machine's clock."""

    # Keys

    def keep_keys(self, jwks: bytes, *, fetched_at: float) -> None:
        """Keep a key set that was fetched just now."""
        if self._writes():
            stored = StoredKeys(self._issuer, fetched_at, jwks.decode())
            _write(self._keys, msgspec.json.encode(stored))

    def keys(self) -> tuple[KeySet, float] | None:
        """Give the kept key set and when it was fetched, or None."""
        data = self._read(self._keys)
        if data is None:
            return None
        try:
            stored = msgspec.json.decode(data, type=StoredKeys)
            keys = KeySet.from_jwks(stored.jwks.encode())
        except (msgspec.MsgspecError, JoseError, UnicodeError):
            log.warning("the keys on disk are not used: malformed")
            return None
        return (keys, stored.fetched_at) if stored.issuer == self._issuer else None

    # The view

    def keep_page(self, text: str, page: Page, *, heard_at: float, now: float) -> None:
        """Keep a verified page; `heard_at` is when the view was last true. Both by this machine's clock."""
        if not self._writes():
            return
        if page.after is None:
            self._growing, self._begun_at = self._coming, now
            _write(self._coming, b"")
        if page.seq != page.after or self._growing == self._coming:
            self._append(text)
        if self._growing is not None and not page.more:
            self._settle()
            _write(self._heard, msgspec.json.encode(LastHeard(heard_at, text)))

    def wants_full_answer(self, *, now: float) -> bool:
        """Say whether the view is to be kept anew: there is none of this process yet, it is too old, or so
        much was appended that a new full answer is cheaper to keep."""
        if not self._writes():
            return False
        fresh = self._begun_at - REWRITTEN_AFTER < now < self._begun_at + REWRITTEN_AFTER
        return not fresh or self._appended > LARGEST // 4

    def pages(self) -> Iterator[str]:
        """Give the kept pages in order."""
        for line in (self._read(self._pages) or b"").splitlines():
            yield line.decode("ascii", "replace")

    def last_heard(self) -> LastHeard | None:
        """Give the newest page; it may be one of `pages`, or one behind them that said nothing new."""
        data = self._read(self._heard)
        try:
            return None if data is None else msgspec.json.decode(data, type=LastHeard)
        except msgspec.MsgspecError:
            return None

    def _writes(self) -> bool:
        if self._process != os.getpid():
            self._begin()  # what the parent had written is the parent's to go on with
        return self._usable and self._lock.ours()

    def _read(self, path: Path) -> bytes | None:
        return _read(path) if self._usable else None

    def _append(self, text: str) -> None:
        if self._growing is not None:
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | _NOFOLLOW
                with os.fdopen(os.open(self._growing, flags, 0o600), "ab") as file:
                    file.write(text.encode() + b"\n")
            except OSError as error:
                # What is there ends before this page, so the newest one will not fit, and nobody believes it.
                log.warning("the view is not kept on disk: %s", error.strerror)
                self._growing, self._appended = None, 0
            else:
                self._appended += len(text)

    def _settle(self) -> None:
        """Let a full answer that is whole now take the place of the old one."""
        if self._growing == self._coming:
            with suppress(OSError):
                self._coming.replace(self._pages)
            self._growing, self._appended = self._pages, 0


class _Lock:
    """Held by the process that writes, until it ends. A forked child holds none, whatever its parent had."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._asked_by: int | None = None
        self._let_go: Callable[[], object] | None = None
        self._ours = False

    def ours(self) -> bool:
        """Say whether this process is the one that writes."""
        if self._asked_by != os.getpid():
            self._asked_by = os.getpid()
            self._ours = self._take()
        return self._ours

    def _take(self) -> bool:
        if fcntl is None:
            return True  # no such locks on Windows, and no fork: one process a folder there
        try:
            if self._let_go is not None:
                self._let_go()  # a forked child's copy of what its parent holds
            lock = os.open(self._path, os.O_RDWR | os.O_CREAT | _NOFOLLOW, 0o600)
            self._let_go = weakref.finalize(self, os.close, lock)  # with the verifier, or the process
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def _write(path: Path, data: bytes) -> None:
    """Put the data in place of what was there: whoever reads sees the old or the new, never a part."""
    coming = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        coming.unlink(missing_ok=True)
        descriptor = os.open(coming, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        coming.replace(path)
    except OSError as error:
        log.warning("%s is not kept on disk: %s", path.suffix[1:], error.strerror)


def _read(path: Path) -> bytes | None:
    """Read a file of ours; None where there is none, or others could have written it."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _NOFOLLOW), "rb") as file:
            if not _is_ours(os.fstat(file.fileno())):
                log.warning("%s on disk is not used: others could have written it", path.suffix[1:])
                return None
            return file.read(LARGEST)
    except OSError:
        return None


def _is_ours(about: os.stat_result) -> bool:
    """Say whether a file or folder is this user's, and nobody else's to write."""
    if fcntl is None:
        return True  # Windows says who may write elsewhere
    return about.st_uid == os.geteuid() and not stat.S_IMODE(about.st_mode) & 0o022
