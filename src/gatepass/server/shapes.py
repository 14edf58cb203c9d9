"""From the domain's objects to the messages of the API: what of them a stranger may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatepass.oauth import Introspection
from gatepass.server import messages

if TYPE_CHECKING:
    from gatepass.auth import CheckedSession, CheckedToken, LoggedIn, Revocation, Session, Terms, Tokens, User


def account_of(user: User) -> messages.Account:
    """Show a user."""
    return messages.Account(
        id=user.id,
        email=user.email,
        first_name=user.first_name,
        last_name=user.last_name,
        roles=sorted(user.roles),
        permissions=sorted(user.granted),
    )


def admin_user(user: User) -> messages.AdminUser:
    """Show a user to an administrator."""
    return messages.AdminUser(
        account=account_of(user),
        status=user.status.value,
        held=sorted(user.permissions),
        created_at=int(user.created_at),
    )


def revocation_of(order: Revocation) -> messages.TokensRevoked:
    """Say what an order takes back."""
    return messages.TokensRevoked(
        selects=order.selects.value, value=order.value, below=order.below, kept_until=order.forget_after
    )


def session_item(session: Session, *, current: str | None) -> messages.SessionItem:
    """Show a session; `current` is the `sid` of the one that asks."""
    return messages.SessionItem(
        sid=session.sid,
        device=session.device,
        address=session.address,
        created_at=int(session.created_at),
        last_seen_at=int(session.last_seen_at),
        expires_at=int(min(session.idle_ends_at, session.ends_at)),
        current=session.sid == current,
    )


def session_started(entered: LoggedIn) -> messages.SessionStarted:
    """Hand over a session; the only moment at which its id is known."""
    return messages.SessionStarted(
        session_id=entered.session_id.reveal(),
        sid=entered.session.sid,
        expires_at=int(entered.session.ends_at),
    )


def tokens_of(issued: Tokens) -> messages.Tokens:
    """Hand over tokens (RFC 6749 §5.1)."""
    return messages.Tokens(
        access_token=issued.access_token,
        token_type="Bearer",  # noqa: S106 (a name, RFC 6750)
        expires_in=issued.expires_in,
        sid=issued.sid,
        refresh_token=None if issued.refresh_token is None else issued.refresh_token.reveal(),
    )


def introspection_of(checked: CheckedSession, terms: Terms) -> Introspection:
    """Tell a Service about a session that holds (RFC 7662 §2.2); the same facts as in an access token."""
    session, user = checked.session, checked.user
    return Introspection(
        iss=terms.issuer,
        sub=user.id,
        aud=terms.audience,
        client_id=terms.client_id,
        exp=int(min(session.idle_ends_at, session.ends_at)),
        iat=int(session.created_at),
        auth_time=int(session.created_at),
        sid=session.sid,
        epoch=user.epoch,
        roles=user.roles,
        permissions=user.granted,
        name=user.name,
        given_name=user.first_name,
        family_name=user.last_name,
        email=user.email,
    )


def introspection_of_token(checked: CheckedToken) -> Introspection:
    """Tell a Service about an access token that holds: what the token says itself."""
    claims = checked.claims
    return Introspection(
        iss=claims.iss,
        sub=claims.sub,
        aud=claims.aud,
        client_id=claims.client_id,
        exp=claims.exp,
        iat=claims.iat,
        auth_time=claims.auth_time,
        sid=claims.sid,
        epoch=claims.epoch,
        scope=claims.scope,
        roles=claims.roles,
        permissions=claims.permissions,
        name=claims.name,
        given_name=claims.given_name,
        family_name=claims.family_name,
        email=claims.email,
    )
