"""Issue tokens: a session gets an access token, and a family of refresh records begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gatepass.auth import refresh, sessions, tokens
from gatepass.auth.actors import address_of
from gatepass.auth.changes import (
    Conflict,
    EventRecorded,
    FamiliesCapped,
    RefreshAdded,
    SessionIsLive,
    UserIsAt,
)
from gatepass.auth.errors import Contended, SessionRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.opaque import hash_text, new_id
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.refresh import RefreshForm
    from gatepass.auth.results import Tokens
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User

FAMILIES_PER_SESSION: Final = 20
"""Live families of one session. A client needs one, tabs that each take their own a few; nobody may fill the
database with them. The one that was not renewed for longest gives way."""
FAMILIES_REVOKED: Final = 50
"""Revoked in one commit at most: one is the rule, the rest comes from a time without this limit."""


async def issue_tokens(
    auth: Auth,
    *,
    session: Session,
    user: User,
    form: RefreshForm,
    lifetime: int | None = None,
    client: Client | None = None,
    now: float,
) -> Tokens:
    """Give tokens for a session that was just checked.

    Raises `SessionRefused`, `InvalidInput("lifetime")`.
    """
    seconds = tokens.check_lifetime(lifetime, terms=auth.terms)
    for _ in range(TRIES):
        code = sessions.refusal(session, user, now=now)
        if code is not None:
            raise SessionRefused(code)
        answer, added = _begun(auth, session, user, form=form, lifetime=seconds, now=now)
        address = address_of(client)
        event = Event(now, EventKind.TOKENS_ISSUED, user.id, session.sid, user.id, address, form.value)
        guards = (SessionIsLive(session.sid), UserIsAt(user.id, user.epoch))
        capped = FamiliesCapped(session.sid, FAMILIES_PER_SESSION - 1, FAMILIES_REVOKED, now)
        try:
            await auth.store.commit(*guards, capped, added, EventRecorded(event))
        except Conflict:
            session, user = await _again(auth, session)
            continue
        return answer.to_tokens(form=form, sid=session.sid, now=now)
    raise Contended


def _begun(
    auth: Auth, session: Session, user: User, *, form: RefreshForm, lifetime: int, now: float
) -> tuple[tokens.Answer, RefreshAdded]:
    """Begin a family: its first tokens, and the record that renews them."""
    family = new_id(auth.entropy)
    answer, access_token_hash = tokens.mint(
        auth, session, user, form=form, family=family, lifetime=lifetime, now=now
    )
    record = refresh.first_record(
        session,
        user,
        hash=hash_text(answer.presentable),
        family=family,
        form=form,
        access_token_hash=access_token_hash,
        lifetime=lifetime,
        terms=auth.terms,
        now=now,
    )
    return answer, RefreshAdded(record)


async def _again(auth: Auth, session: Session) -> tuple[Session, User]:
    found = await auth.store.session_by_sid(session.sid)
    if found is None:
        raise SessionRefused("session_unknown")
    return found
