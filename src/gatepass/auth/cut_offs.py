"""The cut-off: everything that a user holds ends in one write, however much that is (docs/adr/0004)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth.changes import Change, Revoked, UserChanged
from gatepass.auth.revocations import user_revoked

if TYPE_CHECKING:
    from gatepass.auth.users import User


def cut_off(user: User, *, now: float) -> tuple[User, tuple[Change, ...]]:
    """Give the user as of the cut, and say what is written."""
    below = user.epoch + 1
    cut = msgspec.structs.replace(user, epoch=below, revoked_below=below)
    return cut, (UserChanged(cut, user.epoch), Revoked(user_revoked(user.id, below, now=now)))
