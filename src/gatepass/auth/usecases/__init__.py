"""The use cases: one verb a file; load, decide, save once.

All take the time as `now`, seconds since the epoch.
"""

from gatepass.auth.usecases.add_user import add_user
from gatepass.auth.usecases.check_access_token import check_access_token
from gatepass.auth.usecases.check_session import check_session
from gatepass.auth.usecases.compact_revocations import compact_revocations
from gatepass.auth.usecases.define_role import define_role
from gatepass.auth.usecases.disable_user import disable_user
from gatepass.auth.usecases.end_other_sessions import end_other_sessions
from gatepass.auth.usecases.end_session import end_session
from gatepass.auth.usecases.issue_tokens import issue_tokens
from gatepass.auth.usecases.keep_keys import keep_keys
from gatepass.auth.usecases.list_keys import list_keys
from gatepass.auth.usecases.list_sessions import list_sessions
from gatepass.auth.usecases.list_users import list_users
from gatepass.auth.usecases.live_sessions import live_sessions
from gatepass.auth.usecases.log_in import log_in
from gatepass.auth.usecases.log_out import log_out
from gatepass.auth.usecases.purge import purge
from gatepass.auth.usecases.refresh import refresh
from gatepass.auth.usecases.register import register
from gatepass.auth.usecases.renew import renew
from gatepass.auth.usecases.rotate_keys import rotate_keys

__all__ = [
    "add_user",
    "check_access_token",
    "check_session",
    "compact_revocations",
    "define_role",
    "disable_user",
    "end_other_sessions",
    "end_session",
    "issue_tokens",
    "keep_keys",
    "list_keys",
    "list_sessions",
    "list_users",
    "live_sessions",
    "log_in",
    "log_out",
    "purge",
    "refresh",
    "register",
    "renew",
    "rotate_keys",
]
