"""Rotate a refresh record: what both forms share.

The table decides, the commit acts, a conflict means decide again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from gatepass.auth import refresh, sealing, sessions, tokens
from gatepass.auth.changes import (
    Change,
    Conflict,
    EventRecorded,
    RefreshRotated,
    SessionTouched,
)
from gatepass.auth.endings import ending
from gatepass.auth.errors import Contended, RefreshRefused
from gatepass.auth.events import Event, EventKind
from gatepass.auth.opaque import hash_text
from gatepass.auth.usecases._tries import TRIES

if TYPE_CHECKING:
    from gatepass.auth.auth import Auth
    from gatepass.auth.refresh import RefreshForm, RefreshRecord
    from gatepass.auth.results import Tokens
    from gatepass.auth.sessions import Session
    from gatepass.auth.terms import Client
    from gatepass.auth.users import User

_ANSWER = msgspec.json.Decoder(tokens.Answer)
_ENCODER = msgspec.json.Encoder()


async def rotate(auth: Auth, *, presented: str, form: RefreshForm, client: Client, now: float) -> Tokens:
    """Give the successor's tokens, or the same answer again within the grace. Raises `RefreshRefused`."""
    token_hash = hash_text(presented)
    for _ in range(TRIES):
        found = await auth.store.refresh_by_hash(token_hash)
        if found is None or found[0].form is not form:
            raise RefreshRefused("refresh_unknown")
        record, session, user = found
        _, effect = refresh.decide(record, session, user, grace=auth.terms.refresh_grace, now=now)
        try:
            if effect is refresh.Effect.ISSUE_SUCCESSOR:
                return await _issue(auth, record, session, user, presented=presented, client=client, now=now)
            if effect is refresh.Effect.REPEAT_ANSWER:
                return _repeat(auth, record, presented=presented, now=now)
            if effect is refresh.Effect.REVOKE_FAMILY:
                await _revoke(auth, session, client=client, now=now)
                raise RefreshRefused("refresh_reused")
        except Conflict:
            continue  # another presentation, a kick or a role change came first: load, decide again
        raise RefreshRefused(refresh.refusal(record, session, user, now=now))
    raise Contended


async def _issue(
    auth: Auth,
    record: RefreshRecord,
    session: Session,
    user: User,
    *,
    presented: str,
    client: Client,
    now: float,
) -> Tokens:
    lifetime = min(record.lifetime, auth.terms.access_token_lifetime)
    answer, access_token_hash = tokens.mint(
        auth, session, user, form=record.form, family=record.family, lifetime=lifetime, now=now
    )
    successor = refresh.successor(
        record,
        user,
        hash=hash_text(answer.presentable),
        access_token_hash=access_token_hash,
        terms=auth.terms,
        now=now,
    )
    sealed = sealing.seal_answer(
        _ENCODER.encode(answer), presented=presented, kek=auth.kek, entropy=auth.entropy
    )
    event = Event(
        now, EventKind.TOKENS_REFRESHED, user.id, session.sid, user.id, client.address, record.form.value
    )
    # Decided by the database: only while the record is active, the session live and the user unchanged.
    await auth.store.commit(
        RefreshRotated(record.hash, now, sealed, successor),
        *_touched(auth, session, now=now),
        EventRecorded(event),
    )
    return answer.to_tokens(form=record.form, sid=session.sid, now=now)


def _touched(auth: Auth, session: Session, *, now: float) -> tuple[Change, ...]:
    """A refresh is use of the session, noted once a minute like any other."""
    if sessions.presented(session, now=now) is sessions.Event.PRESENTED:
        return ()
    idle_ends_at = sessions.idle_end(session, terms=auth.terms, now=now)
    return (SessionTouched(session.sid, session.last_seen_at, now, idle_ends_at),)


def _repeat(auth: Auth, record: RefreshRecord, *, presented: str, now: float) -> Tokens:
    sealed = sealing.open_answer(record.answer or b"", presented=presented, kek=auth.kek)
    return _ANSWER.decode(sealed).to_tokens(form=record.form, sid=record.sid, now=now)


async def _revoke(auth: Auth, session: Session, *, client: Client, now: float) -> None:
    reason = sessions.EndReason.REFRESH_REUSED
    await auth.store.commit(*ending(session, reason=reason, actor=None, address=client.address, now=now))
