"""The ports of `gatepass.auth` on one SQLite file: every acknowledged commit is on disk, and reads cost
microseconds."""

from gatepass.storage.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
