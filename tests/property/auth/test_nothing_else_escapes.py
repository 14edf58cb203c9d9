"""Whatever comes in, only an `AuthError` comes out; and normalisation is done when it is done."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.auth.house import CLIENT, NOW, PASSWORD, add, log_in, make_auth

from gatepass.auth import AuthError, CheckedSession, Client, Limit, Terms, throttle, usecases
from gatepass.auth.users import clean_name, normalise_email
from gatepass.jose import jws

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from gatepass.auth import Auth

# Any text that a string may hold, surrogates included: JSON can carry them.
TEXT = st.text(st.characters(categories=None), max_size=80) | st.sampled_from(
    ["gps_" + "A" * 43, "gpr_" + "A" * 43, "a.b.c", "ada@example.org"]
)


def only_ours(work: Callable[[Auth], Coroutine[Any, Any, Any]]) -> None:
    async def attempt() -> None:
        auth = make_auth(registration_open=True)
        await usecases.keep_keys(auth, now=NOW)
        with suppress(AuthError):
            await work(auth)

    asyncio.run(attempt())


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT, TEXT, TEXT)
def test_logging_in_and_registering(email: str, password: str, first: str, last: str) -> None:
    client = Client(address=first, device=last)
    only_ours(lambda auth: usecases.log_in(auth, email=email, password=password, client=client, now=NOW))
    only_ours(
        lambda auth: usecases.register(
            auth,
            email=email,
            first_name=first,
            last_name=last,
            client=client,
            now=NOW,
        )
    )


@settings(max_examples=150, deadline=None)
@given(TEXT)
def test_presenting_anything_anywhere(text: str) -> None:
    only_ours(lambda auth: usecases.check_session(auth, session_id=text, now=NOW))
    only_ours(lambda auth: usecases.refresh(auth, refresh_token=text, client=CLIENT, now=NOW))
    only_ours(lambda auth: usecases.renew(auth, expired_token=text, client=CLIENT, now=NOW))
    only_ours(lambda auth: usecases.check_access_token(auth, token=text, now=NOW))
    only_ours(lambda auth: usecases.end_session(auth, sid=text, actor="cli", now=NOW))
    only_ours(lambda auth: usecases.define_role(auth, name=text, permissions=[text], now=NOW))
    only_ours(lambda auth: usecases.revoke_token(auth, jti=text, actor="cli", now=NOW))
    only_ours(lambda auth: usecases.revoke_client(auth, client_id=text, actor="cli", now=NOW))
    only_ours(lambda auth: usecases.revoke_key(auth, kid=text, now=NOW))
    only_ours(lambda auth: usecases.retire_key(auth, kid=text, now=NOW))


@settings(max_examples=60, deadline=None)
@given(TEXT)
def test_ordering_anything_of_a_user(text: str) -> None:
    async def order(auth: Auth, act: Callable[..., Coroutine[Any, Any, Any]], **more: Any) -> None:
        await act(auth, email=text, actor="cli", **more)

    for act in (usecases.enable_user, usecases.disable_user, usecases.delete_user):
        only_ours(lambda auth, act=act: order(auth, act, now=NOW))  # type: ignore[misc]
    only_ours(lambda auth: order(auth, usecases.log_out_everywhere, now=NOW))
    only_ours(lambda auth: order(auth, usecases.find_user))

    async def change(auth: Auth) -> None:
        ada = await add(auth)
        came = await log_in(auth)
        with suppress(AuthError):
            await usecases.set_roles(auth, user_id=ada.id, roles=[text], actor="cli", now=NOW)
        with suppress(AuthError):
            await usecases.set_permissions(auth, user_id=ada.id, permissions=[text], actor="cli", now=NOW)
        for current, new in ((text, PASSWORD), (PASSWORD, text)):
            checked = CheckedSession(came.session, ada)
            with suppress(AuthError):
                await usecases.change_password(
                    auth, checked=checked, current=current, new=new, client=CLIENT, now=NOW
                )

    only_ours(change)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
CLAIMS = ["iss", "aud", "sub", "sid", "epoch", "scope", "roles", "permissions", "name", "exp", "iat", "nbf"]


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(CLAIMS), JSON))
def test_presenting_odd_claims_under_our_own_signature(claims: dict[str, Any]) -> None:
    terms = {"iss": "https://login.example.org", "aud": "clinic", "client_id": "x", "jti": "x"}
    payload = msgspec.json.encode({**terms, "iat": 1, "nbf": 1, "exp": 2, **claims})

    def signed(auth: Auth) -> str:
        return jws.sign(payload, auth.keyring.ring.signing_key(NOW), typ="at+jwt")

    only_ours(lambda auth: usecases.renew(auth, expired_token=signed(auth), client=CLIENT, now=NOW))
    only_ours(lambda auth: usecases.check_access_token(auth, token=signed(auth), now=1.0))


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=30), st.from_regex(r"[\w.]{1,20}", fullmatch=True))
def test_a_normalised_address_is_its_own_normal_form(local: str, domain: str) -> None:
    try:
        once = normalise_email(f"{local}@{domain}")
    except AuthError:
        return
    assert normalise_email(once) == once
    assert once.count("@") == 1
    assert once.isprintable()


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=50))
def test_a_cleaned_name_is_its_own_clean_form(text: str) -> None:
    try:
        once = clean_name(text, field="first_name")
    except AuthError:
        return
    assert clean_name(once, field="first_name") == once


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 50), st.floats(0.1, 1e6), st.lists(st.floats(0, 1e5), max_size=100))
def test_no_rhythm_of_trying_beats_the_limit(attempts: int, window: float, gaps: list[float]) -> None:
    limit = Limit(attempts, window)
    arrival, now, allowed = None, NOW, 0
    for gap in gaps:
        now += gap
        after = throttle.charged(arrival, limit, now=now)
        if after is not None:
            arrival, allowed = after, allowed + 1
    elapsed = now - NOW
    assert allowed <= attempts + elapsed / limit.interval + 1


@given(st.text())
def test_terms_take_no_half_measures(text: str) -> None:
    if not text:
        return
    assert Terms(issuer=text, audience=text).issuer == text
