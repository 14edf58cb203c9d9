"""Fixtures of auth's tests; who wants others in it has an `auth` of their own."""

from tests.unit.auth.house import auth, box, came

__all__ = ["auth", "box", "came"]
