"""The ports of `gatepass.auth`, on memory (reference) and on SQLite (default).

On PostgreSQL (scale-out) in `gatepass.storage.postgres`, which needs `gatepass[postgres]`.
"""

from gatepass.storage.breaches import BreachesUnusable, BreachFile
from gatepass.storage.memory import MemoryStore
from gatepass.storage.sqlite import SqliteStore

__all__ = ["BreachFile", "BreachesUnusable", "MemoryStore", "SqliteStore"]
