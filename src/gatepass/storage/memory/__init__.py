"""The ports of auth in memory: the reference."""

from gatepass.storage.memory.store import MemoryStore

__all__ = ["MemoryStore"]
