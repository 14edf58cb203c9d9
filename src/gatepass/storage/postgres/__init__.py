"""The ports of `gatepass.auth` on PostgreSQL: any number of processes on one database.

Needs `gatepass[postgres]`.
"""

from gatepass.storage.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
