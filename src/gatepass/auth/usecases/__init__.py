"""The use cases: one verb a file; load, decide, save once.

All take the time as `now`, seconds since the epoch. Whatever reads the store can raise `StorageUnavailable`,
and whatever commits `Contended`, besides what each names.
"""

from gatepass.auth.usecases.add_user import add_user
from gatepass.auth.usecases.ask_reset import ask_reset
from gatepass.auth.usecases.change_algorithm import change_algorithm
from gatepass.auth.usecases.change_email import change_email, confirm_email, look_at_address
from gatepass.auth.usecases.change_names import change_names
from gatepass.auth.usecases.change_password import change_password
from gatepass.auth.usecases.check_access_token import check_access_token
from gatepass.auth.usecases.check_session import check_session
from gatepass.auth.usecases.compact_revocations import compact_revocations
from gatepass.auth.usecases.define_role import define_role
from gatepass.auth.usecases.delete_user import delete_user
from gatepass.auth.usecases.disable_user import disable_user
from gatepass.auth.usecases.edit_user import edit_user
from gatepass.auth.usecases.enable_user import enable_user
from gatepass.auth.usecases.end_other_sessions import end_other_sessions
from gatepass.auth.usecases.end_session import end_session
from gatepass.auth.usecases.find_user import find_user
from gatepass.auth.usecases.import_users import find_import, finish_import, import_users, judge_users
from gatepass.auth.usecases.invite_user import invite_again, invite_user
from gatepass.auth.usecases.issue_tokens import issue_tokens
from gatepass.auth.usecases.keep_keys import keep_keys
from gatepass.auth.usecases.list_events import last_place, list_events
from gatepass.auth.usecases.list_keys import list_keys
from gatepass.auth.usecases.list_roles import list_roles
from gatepass.auth.usecases.list_sessions import list_sessions
from gatepass.auth.usecases.list_users import list_users
from gatepass.auth.usecases.live_sessions import live_sessions
from gatepass.auth.usecases.log_in import log_in
from gatepass.auth.usecases.log_out import log_out
from gatepass.auth.usecases.log_out_everywhere import log_out_everywhere
from gatepass.auth.usecases.plan_keys import plan_keys
from gatepass.auth.usecases.purge import purge
from gatepass.auth.usecases.refresh import refresh
from gatepass.auth.usecases.register import register
from gatepass.auth.usecases.rename_feed import rename_feed
from gatepass.auth.usecases.renew import renew
from gatepass.auth.usecases.retire_key import retire_key
from gatepass.auth.usecases.revoke_key import revoke_key
from gatepass.auth.usecases.revoke_tokens import revoke_client, revoke_everything, revoke_token
from gatepass.auth.usecases.rotate_keys import rotate_keys
from gatepass.auth.usecases.search_users import search_users
from gatepass.auth.usecases.send_mail import send_mail
from gatepass.auth.usecases.set_password import look_at_link, set_password
from gatepass.auth.usecases.set_permissions import set_permissions
from gatepass.auth.usecases.set_roles import set_roles

__all__ = [
    "add_user",
    "ask_reset",
    "change_algorithm",
    "change_email",
    "change_names",
    "change_password",
    "check_access_token",
    "check_session",
    "compact_revocations",
    "confirm_email",
    "define_role",
    "delete_user",
    "disable_user",
    "edit_user",
    "enable_user",
    "end_other_sessions",
    "end_session",
    "find_import",
    "find_user",
    "finish_import",
    "import_users",
    "invite_again",
    "invite_user",
    "issue_tokens",
    "judge_users",
    "keep_keys",
    "last_place",
    "list_events",
    "list_keys",
    "list_roles",
    "list_sessions",
    "list_users",
    "live_sessions",
    "log_in",
    "log_out",
    "log_out_everywhere",
    "look_at_address",
    "look_at_link",
    "plan_keys",
    "purge",
    "refresh",
    "register",
    "rename_feed",
    "renew",
    "retire_key",
    "revoke_client",
    "revoke_everything",
    "revoke_key",
    "revoke_token",
    "rotate_keys",
    "search_users",
    "send_mail",
    "set_password",
    "set_permissions",
    "set_roles",
]
