"""Refreshing, in both forms: new tokens, the same answer again, and the end of a family."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.auth.house import (
    CLIENT,
    NOW,
    add,
    events,
    log_in,
    make_auth,
    next_tokens,
    open_auth,
    presentable,
    tokens_for,
)

from gatepass.auth import (
    InvalidInput,
    RefreshForm,
    RefreshRefused,
    RefreshState,
    SealBroken,
    Secret,
    SessionRefused,
    usecases,
)
from gatepass.auth.opaque import hash_text
from gatepass.auth.usecases.issue_tokens import FAMILIES_PER_SESSION
from gatepass.jose import jwt
from gatepass.oauth import AccessToken, access_token_policy

if TYPE_CHECKING:
    from gatepass.auth import Auth, LoggedIn, RefreshRecord, Tokens

FORMS = list(RefreshForm)
END = NOW + 600  # when the first access token expires


@pytest.fixture
async def auth() -> Auth:
    opened = await open_auth()
    await usecases.define_role(opened, name="doctor", permissions={"appointments:read"}, now=NOW)
    await add(opened, roles=["doctor"], permissions=["reports:read"])
    return opened


@pytest.fixture
async def came(auth: Auth) -> LoggedIn:
    return await log_in(auth)


def claims_of(auth: Auth, tokens: Tokens, *, now: float) -> AccessToken:
    policy = access_token_policy(
        issuer="https://login.example.org", audience="clinic", algorithms=frozenset({"ES256"})
    )
    return AccessToken.from_claims(
        jwt.verify(tokens.access_token, auth.keyring.ring.published, policy, now=now).claims
    )


async def record_of(auth: Auth, tokens: Tokens) -> RefreshRecord:
    found = await auth.store.refresh_by_hash(hash_text(presentable(tokens)))
    assert found is not None
    return found[0]


async def test_a_token_says_who_the_user_is_and_what_they_may_do(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    claims = claims_of(auth, tokens, now=NOW)
    assert claims.sub == came.user.id
    assert claims.sid == tokens.sid == came.session.sid
    assert claims.roles == {"doctor"}
    assert claims.permissions == {"appointments:read", "reports:read"}
    assert (claims.name, claims.given_name, claims.family_name) == ("Ada Lovelace", "Ada", "Lovelace")
    assert (claims.email, claims.epoch, claims.auth_time) == ("ada@example.org", 0, NOW)
    assert (claims.iat, claims.nbf, claims.exp) == (NOW, NOW, NOW + 600)
    assert (tokens.expires_at, tokens.expires_in) == (NOW + 600, 600)


async def test_the_record_is_bound_to_the_access_token_and_kept_as_a_hash(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    record = await record_of(auth, tokens)
    assert record.access_token_hash == hash_text(tokens.access_token)
    assert (record.sid, record.user_id, record.state) == (came.session.sid, came.user.id, RefreshState.ACTIVE)
    renewal = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    assert renewal.refresh_token is None
    assert (await record_of(auth, renewal)).hash == hash_text(renewal.access_token)


@pytest.mark.parametrize("form", FORMS)
async def test_tokens_renew_again_and_again(auth: Auth, came: LoggedIn, form: RefreshForm) -> None:
    tokens = await tokens_for(auth, came, form=form)
    jtis = {claims_of(auth, tokens, now=NOW).jti}
    for turn in range(1, 5):
        now = NOW + 600 * turn
        tokens = await next_tokens(auth, tokens, now=now)
        claims = claims_of(auth, tokens, now=now)
        jtis.add(claims.jti)
        assert (claims.sid, claims.auth_time, claims.exp) == (came.session.sid, NOW, now + 600)
    assert len(jtis) == 5
    assert (await events(auth)).count("tokens_refreshed") == 4


@pytest.mark.parametrize("form", FORMS)
async def test_within_the_grace_the_same_answer_is_repeated(
    auth: Auth, came: LoggedIn, form: RefreshForm
) -> None:
    tokens = await tokens_for(auth, came, form=form)
    first = await next_tokens(auth, tokens, now=END)
    assert await next_tokens(auth, tokens, now=END) == first
    later = await next_tokens(auth, tokens, now=END + 9)
    assert (later.access_token, later.refresh_token) == (first.access_token, first.refresh_token)
    assert (later.expires_at, later.expires_in) == (first.expires_at, first.expires_in - 9)
    assert (await events(auth)).count("tokens_refreshed") == 1


@pytest.mark.parametrize("form", FORMS)
async def test_after_the_grace_family_and_session_end(auth: Auth, came: LoggedIn, form: RefreshForm) -> None:
    tokens = await tokens_for(auth, came, form=form)
    thief = await next_tokens(auth, tokens, now=END)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, tokens, now=END + 10)
    assert refused.value.code == "refresh_reused"
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, thief, now=END + 600)
    assert refused.value.code == "session_ended"
    with pytest.raises(SessionRefused):
        await usecases.check_session(auth, session_id=came.session_id.reveal(), now=END + 10)
    assert {(await record_of(auth, t)).state for t in (tokens, thief)} == {RefreshState.REVOKED}
    assert (await events(auth)).count("refresh_reused") == 1


async def test_a_reuse_is_recorded_once_however_often_it_is_tried(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    await next_tokens(auth, tokens, now=NOW + 1)
    for _ in range(5):
        with pytest.raises(RefreshRefused):
            await next_tokens(auth, tokens, now=NOW + 100)
    assert (await events(auth)).count("refresh_reused") == 1


async def test_other_sessions_of_the_user_go_on(auth: Auth, came: LoggedIn) -> None:
    other = await log_in(auth)
    tokens, others = await tokens_for(auth, came), await tokens_for(auth, other)
    await next_tokens(auth, tokens, now=NOW + 1)
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, tokens, now=NOW + 100)
    await next_tokens(auth, others, now=NOW + 101)


async def test_the_answer_rests_sealed(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    answer = await next_tokens(auth, tokens, now=NOW + 1)
    sealed = (await record_of(auth, tokens)).answer
    assert sealed is not None
    for secret in (answer.access_token, presentable(answer)):
        assert secret.encode() not in sealed
        assert secret.split(".")[-1].encode() not in sealed
    stranger = make_auth(auth.store, kek=Secret(b"x" * 32))
    with pytest.raises(SealBroken):
        await next_tokens(stranger, tokens, now=NOW + 2)


async def test_asking_for_tokens_for_ever_keeps_the_families_renewed_last(auth: Auth, came: LoggedIn) -> None:
    first, *others = [await tokens_for(auth, came, now=NOW + i) for i in range(FAMILIES_PER_SESSION)]
    now = NOW + FAMILIES_PER_SESSION
    renewed = await next_tokens(auth, first, now=now)  # the oldest of all, but in use
    await tokens_for(auth, came, now=now + 1)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, others[0], now=now + 2)
    assert refused.value.code == "refresh_revoked"
    for kept in (renewed, others[1]):
        await next_tokens(auth, kept, now=now + 2)


async def test_a_purge_wipes_the_answer_when_its_grace_is_over(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    await next_tokens(auth, tokens, now=NOW + 1)
    await usecases.purge(auth, now=NOW + 10)
    assert (await record_of(auth, tokens)).answer is not None
    await usecases.purge(auth, now=NOW + 11)
    assert (await record_of(auth, tokens)).answer is None


async def test_a_purge_of_much_goes_on_until_all_is_gone(auth: Auth, came: LoggedIn) -> None:
    last = await tokens_for(auth, came)
    for _ in range(1100):  # more than two pieces
        last = await tokens_for(auth, came)
    commits = auth.store.commits
    await usecases.purge(auth, now=NOW + 14 * 86_400)
    assert await auth.store.refresh_by_hash(hash_text(presentable(last))) is None
    assert auth.store.commits - commits == 3


REFUSED = {
    "empty": ("", "refresh_malformed"),
    "another secret": ("gpr_" + "A" * 43, "refresh_unknown"),
    "a session id": ("gps_" + "A" * 43, "refresh_malformed"),
    "too long": ("gpr_" + "A" * 44, "refresh_malformed"),
    "another alphabet": ("gpr_" + "A" * 42 + "+", "refresh_malformed"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_no_refresh_token_of_ours_is_refused(auth: Auth, case: tuple[str, str]) -> None:
    with pytest.raises(RefreshRefused) as refused:
        await usecases.refresh(auth, refresh_token=case[0], client=CLIENT, now=NOW)
    assert refused.value.code == case[1]


@pytest.mark.parametrize("form", FORMS)
async def test_records_end_when_they_are_not_used(form: RefreshForm) -> None:
    auth = await open_auth(refresh_idle=1000, refresh_absolute=1500)
    await add(auth)
    came = await log_in(auth)
    tokens = await tokens_for(auth, came, form=form)
    for now, code in ((NOW + 1000, "refresh_idle"), (NOW + 1500, "refresh_expired")):
        with pytest.raises(RefreshRefused) as refused:
            await next_tokens(auth, tokens, now=now)
        assert refused.value.code == code
    tokens = await next_tokens(auth, tokens, now=NOW + 999)  # the twin, a second earlier
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, tokens, now=NOW + 1999)
    assert refused.value.code == "refresh_expired"  # whatever happens


async def test_a_jwt_renews_from_thirty_seconds_before_its_end_on(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    for now in (NOW, END - 31, END - 30.01):
        with pytest.raises(RefreshRefused) as refused:
            await next_tokens(auth, tokens, now=now)
        assert refused.value.code == "renewal_too_early"
    await next_tokens(auth, tokens, now=END - 30)


async def test_a_jwt_renews_days_after_its_end(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    await next_tokens(auth, tokens, now=NOW + 13 * 86_400)


async def test_the_forms_do_not_mix(auth: Auth, came: LoggedIn) -> None:
    standard = await tokens_for(auth, came)
    renewal = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    with pytest.raises(RefreshRefused) as refused:
        await usecases.renew(auth, expired_token=standard.access_token, client=CLIENT, now=END)
    assert refused.value.code == "refresh_unknown"
    with pytest.raises(RefreshRefused) as refused:
        await usecases.refresh(auth, refresh_token=renewal.access_token, client=CLIENT, now=END)
    assert refused.value.code == "refresh_malformed"
    await next_tokens(auth, standard, now=END)
    await next_tokens(auth, renewal, now=END)


async def test_refreshing_is_use_of_the_session_and_noted_once_a_minute() -> None:
    auth = await open_auth(session_idle=1000, access_token_lifetime=300)
    await add(auth)
    came = await log_in(auth)
    tokens = await tokens_for(auth, came)
    for turn in range(1, 8):
        tokens = await next_tokens(auth, tokens, now=NOW + 300 * turn)
    session = (
        await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW + 2100)
    ).session
    assert session.last_seen_at == NOW + 2100
    tokens = await next_tokens(auth, tokens, now=NOW + 2130)
    found = await auth.store.session_by_sid(came.session.sid)
    assert found is not None
    assert found[0].last_seen_at == NOW + 2100


async def test_a_token_ends_with_its_session_at_the_latest() -> None:
    auth = await open_auth(session_absolute=100)
    await add(auth)
    tokens = await tokens_for(auth, await log_in(auth))
    assert tokens.expires_at == NOW + 100


async def test_a_shorter_lifetime_may_be_asked_for_and_is_kept(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came, lifetime=60)
    assert tokens.expires_in == 60
    assert (await next_tokens(auth, tokens, now=NOW + 60)).expires_in == 60


@pytest.mark.parametrize("lifetime", [0, -1, 601, 10**12])
async def test_a_longer_lifetime_may_not(auth: Auth, came: LoggedIn, lifetime: int) -> None:
    with pytest.raises(InvalidInput) as refused:
        await tokens_for(auth, came, lifetime=lifetime)
    assert refused.value.field == "lifetime"


async def test_changed_permissions_are_in_the_next_token_and_nobody_is_logged_out(
    auth: Auth, came: LoggedIn
) -> None:
    tokens = await tokens_for(auth, came)
    await usecases.define_role(auth, name="doctor", permissions={"appointments:write"}, now=NOW + 1)
    claims = claims_of(auth, await next_tokens(auth, tokens, now=NOW + 2), now=NOW + 2)
    assert claims.permissions == {"appointments:write", "reports:read"}
    assert claims.epoch == 1


async def test_tokens_are_issued_for_the_user_as_of_now(auth: Auth, came: LoggedIn) -> None:
    await usecases.define_role(auth, name="doctor", permissions=set(), now=NOW + 1)
    tokens = await tokens_for(auth, came, now=NOW + 2)  # with the user as of the log-in
    assert claims_of(auth, tokens, now=NOW + 2).permissions == {"reports:read"}


async def test_no_tokens_for_a_session_that_is_over(auth: Auth, came: LoggedIn) -> None:
    await usecases.log_out(auth, session=came.session, actor=came.user, now=NOW)
    with pytest.raises(SessionRefused) as refused:
        await tokens_for(auth, came)  # with the session as of the log-in
    assert refused.value.code == "session_ended"


async def test_no_tokens_for_a_session_that_nobody_knows(auth: Auth, came: LoggedIn) -> None:
    elsewhere = await open_auth()
    with pytest.raises(SessionRefused) as refused:
        await tokens_for(elsewhere, came)
    assert refused.value.code == "session_unknown"


async def test_tokens_do_not_show_themselves(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    shown = f"{tokens!r} {tokens!s} {tokens.refresh_token!r}"
    assert presentable(tokens) not in shown
    assert tokens.access_token not in shown
