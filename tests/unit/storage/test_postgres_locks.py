"""What a commit on PostgreSQL locks: everybody in one order, or two of them wait for each other."""

from gatepass.auth import PasswordChanged, RoleIs, SessionIsLive, SessionTouched, UserIsAt
from gatepass.storage.postgres.locks import locks
from gatepass.storage.postgres.steps import Step


def shown(steps: list[Step]) -> list[tuple[str, object]]:
    """Give what each statement locks and how."""
    return [(step.statement.rpartition(" FOR ")[2], step.values[0]) for step in steps]


def test_kinds_have_their_order_whatever_comes_first() -> None:
    changes = (SessionIsLive("sid"), UserIsAt("user", 1), RoleIs("nurse", frozenset()))
    roles, user, session = locks(changes)
    assert "advisory" in roles.statement
    assert shown([user, session]) == [("SHARE", ["user"]), ("SHARE", ["sid"])]


def test_names_have_their_order_in_one_statement() -> None:
    assert shown(locks([UserIsAt(name, 1) for name in "cab"])) == [("SHARE", ["a", "b", "c"])]


def test_names_have_their_order_also_where_some_are_locked_alone() -> None:
    changes = (UserIsAt("c", 1), PasswordChanged("b", "hash"), UserIsAt("a", 1))
    assert shown(locks(changes)) == [("SHARE", ["a"]), ("NO KEY UPDATE", ["b"]), ("SHARE", ["c"])]


def test_what_one_change_wants_alone_is_locked_alone_at_once() -> None:
    changes = (SessionIsLive("sid"), SessionTouched("sid", 1.0, 2.0, 3.0))
    assert shown(locks(changes)) == [("NO KEY UPDATE", ["sid"])]
