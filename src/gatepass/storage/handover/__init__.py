"""From one database to the other: all that SQLite holds goes to PostgreSQL, counted and summed up."""

from gatepass.storage.handover.copying import Copied, HandoverFailed, SourceGrew, copy
from gatepass.storage.handover.snapshot import Snapshot

__all__ = ["Copied", "HandoverFailed", "Snapshot", "SourceGrew", "copy"]
