"""Every use case that changes something leaves a line: who did it to whom, from where and why."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import msgspec
import pytest
from tests.unit.auth.acting import (
    ADDRESS,
    ELSEWHERE,
    Site,
    UseCase,
    ask_reset,
    by_admin,
    by_link,
    change_password,
    disabled_tries,
    enabled_again,
    import_users,
    in_session,
    invite,
    invite_again,
    log_in,
    refreshing,
    retire_key,
    revoke_key,
    send_mail,
    site,
    throttled,
    under,
)
from tests.unit.auth.house import CLIENT, NOW, PASSWORD

from gatepass.auth import AuthError, Event, EventKind, Limit, RefreshForm, usecases

Line = tuple[EventKind, str | None, str | None, str | None]
"""Kind, actor (`ann`, `admin` or as it stands), address, reason."""


CHANGE_EMAIL = in_session(usecases.change_email, current=PASSWORD, email="an@example.org")

LINES: dict[tuple[str, str], tuple[UseCase, list[Line]]] = {
    ("log_in", "good"): (
        log_in("ann@example.org", PASSWORD),
        [(EventKind.LOGGED_IN, "ann", ADDRESS, None)],
    ),
    ("log_in", "wrong password"): (
        log_in("ann@example.org", "wrong"),
        [(EventKind.LOGIN_FAILED, None, ADDRESS, "wrong_password")],
    ),
    ("log_in", "nobody"): (
        log_in("nobody@example.org", "wrong"),
        [(EventKind.LOGIN_FAILED, None, ADDRESS, "unknown_user")],
    ),
    ("log_in", "disabled"): (
        disabled_tries,
        [
            (EventKind.USER_DISABLED, "admin", ADDRESS, None),
            (EventKind.LOGIN_FAILED, None, ELSEWHERE.address, "user_disabled"),
        ],
    ),
    ("log_in", "too often, told once"): (
        throttled,
        [
            (EventKind.LOGIN_FAILED, None, ADDRESS, "wrong_password"),
            (EventKind.ATTEMPTS_EXCEEDED, None, ADDRESS, "too_many_attempts"),
        ],
    ),
    ("register", "good"): (
        lambda s: usecases.register(
            s.auth,
            email="new@example.org",
            first_name="N",
            last_name="E",
            client=CLIENT,
            now=NOW,
        ),
        [(EventKind.USER_REGISTERED, "themselves", ADDRESS, None)],
    ),
    ("register", "with an address that has an account"): (
        lambda s: usecases.register(
            s.auth,
            email="ann@example.org",
            first_name="N",
            last_name="E",
            client=CLIENT,
            now=NOW,
        ),
        [(EventKind.ADDRESS_ASKED, None, ADDRESS, None)],
    ),
    ("add_user", "by an administrator"): (
        lambda s: usecases.add_user(
            s.auth,
            email="new@example.org",
            password=PASSWORD,
            first_name="N",
            last_name="E",
            actor=s.admin,
            client=CLIENT,
            now=NOW,
        ),
        [(EventKind.USER_ADDED, "admin", ADDRESS, None)],
    ),
    ("log_out", "good"): (
        lambda s: usecases.log_out(s.auth, session=s.entered.session, actor=s.ann, client=CLIENT, now=NOW),
        [(EventKind.LOGGED_OUT, "ann", ADDRESS, "logged_out")],
    ),
    ("end_session", "one's own"): (
        lambda s: usecases.end_session(s.auth, sid=s.other.session.sid, actor=s.ann, client=CLIENT, now=NOW),
        [(EventKind.SESSION_ENDED, "ann", ADDRESS, "ended_by_user")],
    ),
    ("end_session", "a kick"): (
        lambda s: usecases.end_session(
            s.auth, sid=s.other.session.sid, actor=s.admin, client=CLIENT, now=NOW
        ),
        [(EventKind.SESSION_ENDED, "admin", ADDRESS, "ended_by_admin")],
    ),
    ("end_session", "a kick by command"): (
        lambda s: usecases.end_session(s.auth, sid=s.other.session.sid, actor="cli", now=NOW),
        [(EventKind.SESSION_ENDED, "cli", None, "ended_by_admin")],
    ),
    ("end_other_sessions", "good"): (
        lambda s: usecases.end_other_sessions(s.auth, session=s.entered.session, client=CLIENT, now=NOW),
        [(EventKind.SESSION_ENDED, "ann", ADDRESS, "ended_by_user")],
    ),
    ("log_out_everywhere", "by an administrator"): (
        by_admin(usecases.log_out_everywhere),
        [(EventKind.ALL_SESSIONS_ENDED, "admin", ADDRESS, "ended_by_admin")],
    ),
    ("disable_user", "good"): (
        by_admin(usecases.disable_user),
        [(EventKind.USER_DISABLED, "admin", ADDRESS, None)],
    ),
    ("enable_user", "good"): (
        enabled_again,
        [
            (EventKind.USER_DISABLED, "admin", ADDRESS, None),
            (EventKind.USER_ENABLED, "admin", ADDRESS, None),
        ],
    ),
    ("delete_user", "good"): (
        by_admin(usecases.delete_user),
        [(EventKind.USER_DELETED, "admin", ADDRESS, None)],
    ),
    ("set_permissions", "good"): (
        by_admin(usecases.set_permissions, permissions=["reports:read"]),
        [(EventKind.GRANTS_CHANGED, "admin", ADDRESS, "permissions: reports:read")],
    ),
    ("set_roles", "good"): (
        by_admin(usecases.set_roles, roles=["doctor"]),
        [(EventKind.GRANTS_CHANGED, "admin", ADDRESS, "roles: doctor")],
    ),
    ("define_role", "good"): (
        lambda s: usecases.define_role(s.auth, name="nurse", permissions=["reports:read"], now=NOW),
        [(EventKind.ROLE_DEFINED, "cli", None, "nurse")],
    ),
    ("change_password", "good"): (
        change_password(PASSWORD),
        [(EventKind.PASSWORD_CHANGED, "ann", ADDRESS, None)],
    ),
    ("change_password", "wrong"): (
        change_password("wrong"),
        [(EventKind.PASSWORD_REFUSED, "ann", ADDRESS, None)],
    ),
    ("change_names", "good"): (
        in_session(usecases.change_names, current=PASSWORD, first_name="A", last_name="L"),
        [(EventKind.NAMES_CHANGED, "ann", ADDRESS, None)],
    ),
    ("change_email", "good"): (CHANGE_EMAIL, [(EventKind.EMAIL_CHANGE_ASKED, "ann", ADDRESS, None)]),
    ("confirm_email", "good"): (
        by_link(CHANGE_EMAIL, usecases.confirm_email),
        [
            (EventKind.EMAIL_CHANGE_ASKED, "ann", ADDRESS, None),
            (EventKind.MAIL_SENT, None, None, "confirm_email"),
            (EventKind.MAIL_SENT, None, None, "email_changing"),
            (EventKind.EMAIL_CHANGED, "ann", ELSEWHERE.address, None),
        ],
    ),
    ("edit_user", "good"): (
        by_admin(usecases.edit_user, first_name="A", new_email="an@example.org"),
        [
            (EventKind.NAMES_CHANGED, "admin", ADDRESS, None),
            (EventKind.EMAIL_CHANGED, "admin", ADDRESS, None),
        ],
    ),
    ("invite_user", "good"): (invite, [(EventKind.USER_INVITED, "admin", ADDRESS, None)]),
    ("import_users", "good"): (import_users, [(EventKind.USER_IMPORTED, "cli", None, None)]),
    ("invite_again", "good"): (
        invite_again,
        [
            (EventKind.USER_INVITED, "admin", ADDRESS, None),
            (EventKind.INVITE_REPEATED, "admin", ADDRESS, None),
        ],
    ),
    ("ask_reset", "good"): (ask_reset, [(EventKind.RESET_ASKED, None, ADDRESS, None)]),
    ("send_mail", "good"): (
        send_mail,
        [(EventKind.RESET_ASKED, None, ADDRESS, None), (EventKind.MAIL_SENT, None, None, "reset")],
    ),
    ("set_password", "good"): (
        by_link(ask_reset, usecases.set_password, password="another horse battery"),
        [
            (EventKind.RESET_ASKED, None, ADDRESS, None),
            (EventKind.MAIL_SENT, None, None, "reset"),
            (EventKind.PASSWORD_SET, "ann", ELSEWHERE.address, "reset"),
        ],
    ),
    ("set_password", "a link for something else"): (
        by_link(CHANGE_EMAIL, usecases.set_password, password="another horse battery"),
        [
            (EventKind.EMAIL_CHANGE_ASKED, "ann", ADDRESS, None),
            (EventKind.MAIL_SENT, None, None, "confirm_email"),
            (EventKind.MAIL_SENT, None, None, "email_changing"),
            (EventKind.LINK_REFUSED, None, ELSEWHERE.address, "link_of_another_purpose"),
        ],
    ),
    ("issue_tokens", "good"): (
        lambda s: usecases.issue_tokens(
            s.auth,
            session=s.entered.session,
            user=s.ann,
            form=RefreshForm.STANDARD,
            client=CLIENT,
            now=NOW,
        ),
        [(EventKind.TOKENS_ISSUED, "ann", ADDRESS, "standard")],
    ),
    ("refresh", "again within the grace: the same answer, nothing new"): (
        refreshing(at=NOW + 5),
        [(EventKind.TOKENS_REFRESHED, "ann", ADDRESS, "standard")],
    ),
    ("refresh", "reused"): (
        refreshing(at=NOW + 60),
        [
            (EventKind.TOKENS_REFRESHED, "ann", ADDRESS, "standard"),
            (EventKind.REFRESH_REUSED, None, ADDRESS, "refresh_reused"),
        ],
    ),
    ("renew", "good"): (
        lambda s: usecases.renew(s.auth, expired_token=s.renewal.access_token, client=CLIENT, now=NOW + 601),
        [(EventKind.TOKENS_REFRESHED, "ann", ADDRESS, "renewal")],
    ),
    ("revoke_token", "good"): (
        lambda s: usecases.revoke_token(s.auth, jti="j" * 22, actor=s.admin, client=CLIENT, now=NOW),
        [(EventKind.TOKENS_REVOKED, "admin", ADDRESS, "jti " + "j" * 22)],
    ),
    ("revoke_client", "good"): (
        lambda s: usecases.revoke_client(s.auth, client_id="gatepass", actor="cli", now=NOW),
        [(EventKind.TOKENS_REVOKED, "cli", None, "client_id gatepass")],
    ),
    ("revoke_everything", "good"): (
        lambda s: usecases.revoke_everything(s.auth, actor=s.admin, client=CLIENT, now=NOW),
        [(EventKind.TOKENS_REVOKED, "admin", ADDRESS, "all")],
    ),
    ("rotate_keys", "good"): (
        lambda s: usecases.rotate_keys(s.auth, now=NOW),
        [(EventKind.KEY_ADDED, "cli", None, "kid")],
    ),
    ("change_algorithm", "good"): (
        lambda s: usecases.change_algorithm(under(s.auth, signing_algorithm="Ed25519"), now=NOW),
        [(EventKind.KEY_ADDED, "cli", None, "kid")],
    ),
    ("retire_key", "good"): (retire_key, [(EventKind.KEY_ADDED, "cli", None, "kid")]),
    ("revoke_key", "good"): (
        revoke_key,
        [
            (EventKind.KEY_REMOVED, "cli", None, "kid"),
            (EventKind.KEY_ADDED, "cli", None, "kid"),
            (EventKind.KEY_REVOKED, "cli", None, "kid"),
        ],
    ),
    ("rename_feed", "good"): (
        lambda s: usecases.rename_feed(s.auth, now=NOW),
        [(EventKind.FEED_RENAMED, "cli", None, "name")],
    ),
    ("keep_keys", "the next key is due"): (
        lambda s: usecases.keep_keys(s.auth, now=NOW + 90 * 86_400),
        [(EventKind.KEY_ADDED, None, None, "kid")],
    ),
}

READS = {
    "check_access_token",
    "check_session",
    "find_import",
    "find_user",
    "judge_users",
    "last_place",
    "list_events",
    "list_keys",
    "list_roles",
    "list_sessions",
    "list_users",
    "live_sessions",
    "look_at_address",
    "look_at_link",
    "plan_keys",
    "search_users",
}
"""Look, and change nothing but a session's time of use."""
CHORES = {"compact_revocations", "finish_import", "purge"}
"""Tidy up what no longer matters, or note that all of it was told."""


def test_every_use_case_is_in_the_table() -> None:
    assert {name for name, _ in LINES} | READS | CHORES == set(usecases.__all__)


@pytest.mark.parametrize(("usecase", "lines"), LINES.values(), ids=[" ".join(name) for name in LINES])
async def test_the_use_case_leaves_its_lines(usecase: UseCase, lines: list[Line]) -> None:
    s = await site()
    await usecases.define_role(s.auth, name="doctor", permissions=["reports:read"], now=NOW)
    before = len(await s.lines())

    with suppress(AuthError):
        await usecase(s)

    told = (await s.lines())[before:]
    assert Counter(named(line, s) for line in told) == Counter(lines)  # mails of one moment go in any order
    text = msgspec.json.encode(told).decode()
    assert not [secret for secret in s.secrets if secret in text]


def named(line: Event, s: Site) -> Line:
    """Write a line with names for ids, as the table does."""
    people = {s.ann.id: "ann", s.admin.id: "admin", None: None, "cli": "cli"}
    drawn = {EventKind.FEED_RENAMED: "name"} | {kind: "kid" for kind in EventKind if "key_" in kind}
    return line.kind, people.get(line.actor, "themselves"), line.address, drawn.get(line.kind, line.reason)


async def test_who_must_wait_is_told_of_again_a_minute_later() -> None:
    s = await site()
    auth = under(s.auth, address_limit=Limit(1, 900))
    for moment in (NOW, NOW, NOW + 59, NOW + 61):
        with pytest.raises(AuthError):
            await usecases.log_in(auth, email="x@example.org", password="x", client=ELSEWHERE, now=moment)
    told = [line for line in await s.lines() if line.kind is EventKind.ATTEMPTS_EXCEEDED]
    assert [line.at for line in told] == [NOW, NOW + 61]
