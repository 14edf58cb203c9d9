"""Attacks on refreshing: replay, mangled tokens, forged and altered JWTs. Each with its twin."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TYPE_CHECKING

import pytest
from tests.attacks.test_session_passes import MANGLED
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

from gatepass.auth import RefreshForm, RefreshRefused, SealBroken, Secret, sealing, usecases
from gatepass.auth.opaque import hash_text
from gatepass.jose import Key, jwt

if TYPE_CHECKING:
    from collections.abc import Callable

    from gatepass.auth import Auth, LoggedIn

FORMS = list(RefreshForm)
END = NOW + 600


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED.keys())
async def test_a_refresh_token_is_taken_whole_and_exact_or_not_at_all(
    auth: Auth, came: LoggedIn, mangle: Callable[[str], str]
) -> None:
    tokens = await tokens_for(auth, came)
    good = presentable(tokens)
    mangled = mangle(good).replace("gpr_", "gps_") if mangle(good) == good else mangle(good)
    with pytest.raises(RefreshRefused):
        await usecases.refresh(auth, refresh_token=mangled, client=CLIENT, now=NOW)
    await next_tokens(auth, tokens, now=NOW)  # the twin: nothing of that used the token up


@pytest.mark.parametrize("form", FORMS)
async def test_a_thief_who_is_second_is_found_out_and_both_are_out(
    auth: Auth, came: LoggedIn, form: RefreshForm
) -> None:
    stolen = await tokens_for(auth, came, form=form)
    owner = await next_tokens(auth, stolen, now=END)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, stolen, now=END + 11)
    assert refused.value.code == "refresh_reused"
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, owner, now=END + 600)
    assert "refresh_reused" in await events(auth)


@pytest.mark.parametrize("form", FORMS)
async def test_a_thief_who_is_first_is_found_out_when_the_owner_comes(
    auth: Auth, came: LoggedIn, form: RefreshForm
) -> None:
    stolen = await tokens_for(auth, came, form=form)
    thief = await next_tokens(auth, stolen, now=END)
    for turn in range(1, 4):  # the thief goes on for a while
        thief = await next_tokens(auth, thief, now=END + 600 * turn)
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, stolen, now=END + 2000)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, thief, now=END + 2400)
    assert refused.value.code == "session_ended"


@pytest.mark.parametrize("form", FORMS)
async def test_what_was_taken_back_cannot_be_made_good_by_refreshing_cve_2020_10594(
    auth: Auth, came: LoggedIn, form: RefreshForm
) -> None:
    tokens = await tokens_for(auth, came, form=form)
    other = await tokens_for(auth, await log_in(auth), form=form)
    await usecases.end_session(auth, sid=came.session.sid, actor="cli", now=NOW)
    for now in (END, END + 5, END + 600):
        with pytest.raises(RefreshRefused) as refused:
            await next_tokens(auth, tokens, now=now)
        assert refused.value.code == "session_ended"
    await next_tokens(auth, other, now=END)  # the twin


async def test_the_grace_ends_with_the_session(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    await next_tokens(auth, tokens, now=END)
    await next_tokens(auth, tokens, now=END + 1)  # the twin
    await usecases.end_session(auth, sid=came.session.sid, actor="cli", now=END + 2)
    with pytest.raises(RefreshRefused):
        await next_tokens(auth, tokens, now=END + 3)


async def test_a_grace_of_nothing_repeats_nothing() -> None:
    auth = await open_auth(refresh_grace=0)
    await add(auth)
    tokens = await tokens_for(auth, await log_in(auth))
    await next_tokens(auth, tokens, now=NOW)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(auth, tokens, now=NOW)
    assert refused.value.code == "refresh_reused"


async def test_the_stolen_database_opens_no_answer_even_with_the_key(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came)
    await next_tokens(auth, tokens, now=END)
    found = await auth.store.refresh_by_hash(hash_text(presentable(tokens)))
    assert found is not None
    answer = found[0].answer
    assert answer is not None
    for guess in ("", found[0].hash.hex(), tokens.access_token, "gpr_" + "A" * 43):
        with pytest.raises(SealBroken):
            sealing.open_answer(answer, presented=guess, kek=auth.kek)
    with pytest.raises(SealBroken):
        sealing.open_answer(answer, presented=presentable(tokens), kek=Secret(b"x" * 32))
    assert sealing.open_answer(answer, presented=presentable(tokens), kek=auth.kek)  # the twin


def _altered_payload(token: str) -> str:
    header, payload, signature = token.split(".")
    claims = urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).replace(b'"clinic"', b'"clinik"')
    return f"{header}.{urlsafe_b64encode(claims).rstrip(b'=').decode()}.{signature}"


def _other_signature(token: str) -> str:
    """The other s of the same ECDSA signature: valid as well, and another text."""
    head, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    s = order - int.from_bytes(raw[32:], "big")
    return head + "." + urlsafe_b64encode(raw[:32] + s.to_bytes(32, "big")).rstrip(b"=").decode()


ALTERED: dict[str, Callable[[str], str]] = {
    "a claim altered": _altered_payload,
    "no signature": lambda t: t.rsplit(".", 1)[0] + ".",
    "truncated": lambda t: t[:-1],
    "padding": lambda t: t + "==",
    "a fourth part": lambda t: t + ".e30",
    "a space": lambda t: t + " ",
    "the other half of an ECDSA signature": _other_signature,
    "signed by a stranger": lambda t: jwt.sign(jwt.peek(t).claims, Key.generate("ES256"), typ="at+jwt"),
    "the header of another algorithm": lambda t: (
        "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0." + t.split(".", 1)[1]
    ),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED.keys())
async def test_an_expired_jwt_renews_only_as_it_was_signed(
    auth: Auth, came: LoggedIn, alter: Callable[[str], str]
) -> None:
    tokens = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    altered = alter(tokens.access_token)
    assert altered != tokens.access_token
    with pytest.raises(RefreshRefused) as refused:
        await usecases.renew(auth, expired_token=altered, client=CLIENT, now=END)
    assert refused.value.code in {"token_invalid", "refresh_unknown"}
    await next_tokens(auth, tokens, now=END)  # the twin


async def test_a_jwt_we_signed_for_something_else_renews_nothing(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    claims = jwt.peek(tokens.access_token).claims
    key = auth.keyring.ring.signing_key(NOW)
    for text in (
        jwt.sign(claims, key, typ="JWT"),
        jwt.sign(claims, key, typ="revocations+jwt"),
        jwt.sign({**claims, "aud": "bank"}, key, typ="at+jwt"),
        jwt.sign({**claims, "iss": "https://evil.example"}, key, typ="at+jwt"),
        jwt.sign(
            claims, key, typ="at+jwt"
        ),  # good in every way, but never given out: ECDSA is not repeatable
    ):
        with pytest.raises(RefreshRefused):
            await usecases.renew(auth, expired_token=text, client=CLIENT, now=END)
    await next_tokens(auth, tokens, now=END)  # the twin


async def test_a_jwt_of_another_house_renews_nothing_here(auth: Auth, came: LoggedIn) -> None:
    tokens = await tokens_for(auth, came, form=RefreshForm.RENEWAL)
    elsewhere = await open_auth()
    await add(elsewhere)
    with pytest.raises(RefreshRefused) as refused:
        await next_tokens(elsewhere, tokens, now=END)
    assert refused.value.code == "token_invalid"
    same = make_auth(auth.store)  # the twin: another process of this house
    await usecases.keep_keys(same, now=NOW)
    await next_tokens(same, tokens, now=END)
