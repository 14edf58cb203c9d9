"""Attacks on session ids and on Auth's own acceptance of tokens. Each with its accepted twin."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.auth.house import NOW, add, log_in, make_auth, open_auth, tokens_for

from gatepass.auth import RefreshToken, SessionId, SessionRefused, UserChanged, usecases
from gatepass.jose import Key, jwt

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.server_world import World

    from gatepass.auth import Auth, LoggedIn

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def sibling(text: str) -> str:
    """Another last character that decodes to the same bytes, for a decoder that is not strict."""
    return text[:-1] + ALPHABET[ALPHABET.index(text[-1]) + 1]


MANGLED: dict[str, Callable[[str], str]] = {
    "truncated by one, Zitadel CVE-2026-27840": lambda s: s[:-1],
    "truncated to the prefix": lambda s: s[:4],
    "nothing": lambda _: "",
    "one character more": lambda s: s + "A",
    "padding": lambda s: s + "=",
    "a line end": lambda s: s + "\n",
    "a space in front": lambda s: " " + s,
    "a zero": lambda s: s + "\x00",
    "spare bits set": sibling,
    "no prefix": lambda s: s[4:],
    "prefix in capitals": lambda s: "GPS_" + s[4:],
    "prefix of a refresh token": lambda s: "gpr_" + s[4:],
    "prefix twice": lambda s: "gps_" + s,
    "case swapped": lambda s: s[:4] + s[4:].swapcase(),
    "full-width digits": lambda s: s[:-3] + "１２３",
    "the other base64 alphabet": lambda s: s[:10] + "+/" + s[12:],
    "a wildcard": lambda s: s[:10] + "%" + s[11:],
    "a megabyte": lambda s: s * 20_000,
    "a surrogate": lambda s: s[:-1] + "\ud800",
}


@pytest.mark.parametrize("mangle", MANGLED.values(), ids=MANGLED.keys())
async def test_a_session_id_is_taken_whole_and_exact_or_not_at_all(
    auth: Auth, came: LoggedIn, mangle: Callable[[str], str]
) -> None:
    good = came.session_id.reveal()
    with pytest.raises(SessionRefused):
        await usecases.check_session(auth, session_id=mangle(good), now=NOW)
    await usecases.check_session(auth, session_id=good, now=NOW)  # the twin


async def test_what_is_stored_and_shown_opens_nothing(auth: Auth, came: LoggedIn) -> None:
    session = came.session
    shown = (session.sid, session.id_hash.hex(), "gps_" + session.sid, "gps_" + session.sid * 2)
    for text in (*shown, f"gps_{session.id_hash.hex()}"[:47]):
        with pytest.raises(SessionRefused):
            await usecases.check_session(auth, session_id=text, now=NOW)


async def test_ids_are_random_and_follow_from_nothing_cve_2026_109373() -> None:
    asked: list[int] = []

    def entropy(size: int) -> bytes:
        asked.append(size)
        return os.urandom(size)

    made = {SessionId.new(entropy).reveal() for _ in range(1000)}
    assert len(made) == 1000
    assert set(asked) == {32}  # 256 bits, all of them from the random source
    for position in range(4, 46):
        assert len({text[position] for text in made}) > 48  # of 64: no character is fixed by anything


def test_every_secret_that_is_made_is_parsed_again_and_of_one_length() -> None:
    for kind in (SessionId, RefreshToken):
        for first in (b"\x00" * 32, b"\xff" * 32, os.urandom(32)):
            text = kind.new(lambda _, value=first: value).reveal()  # type: ignore[misc]
            assert len(text) == 47
            assert kind.parse(text) is not None


async def test_auth_takes_no_token_of_a_session_that_ended_or_of_a_user_cut_off(
    auth: Auth, came: LoggedIn
) -> None:
    token = (await tokens_for(auth, came)).access_token
    await usecases.check_access_token(auth, token=token, now=NOW)  # the twin
    user = came.user
    cut = msgspec.structs.replace(user, epoch=1, revoked_below=1)
    await auth.store.commit(UserChanged(cut, 0))
    with pytest.raises(SessionRefused) as refused:
        await usecases.check_access_token(auth, token=token, now=NOW)
    assert refused.value.code == "session_revoked"


FORGED: dict[str, dict[str, object]] = {
    "of another user's session": {"sub": "AAAAAAAAAAAAAAAAAAAAAA"},
    "for another audience": {"aud": "bank"},
    "of another issuer": {"iss": "https://login.example.org.evil.example"},
    "of no session": {"sid": "AAAAAAAAAAAAAAAAAAAAAA"},
    "without a session": {"sid": None},
    "of an epoch that is a text": {"epoch": "0"},
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED.keys())
async def test_a_token_that_does_not_fit_together_is_refused_though_we_signed_it(
    auth: Auth, came: LoggedIn, forged: dict[str, object]
) -> None:
    genuine = jwt.peek((await tokens_for(auth, came)).access_token).claims
    key = auth.keyring.ring.signing_key(NOW)
    claims = {name: value for name, value in {**genuine, **forged}.items() if value is not None}
    with pytest.raises(SessionRefused):
        await usecases.check_access_token(auth, token=jwt.sign(claims, key, typ="at+jwt"), now=NOW)
    again = jwt.sign(genuine, key, typ="at+jwt")
    await usecases.check_access_token(auth, token=again, now=NOW)  # the twin


async def test_a_token_by_another_key_or_of_another_type_is_refused(auth: Auth, came: LoggedIn) -> None:
    genuine = jwt.peek((await tokens_for(auth, came)).access_token).claims
    ours = auth.keyring.ring.signing_key(NOW)
    stranger = Key.generate("ES256", kid=ours.kid)
    for token in (
        jwt.sign(genuine, stranger, typ="at+jwt"),
        jwt.sign(genuine, ours, typ="JWT"),
        jwt.sign(genuine, ours, typ="revocations+jwt"),
    ):
        with pytest.raises(SessionRefused) as refused:
            await usecases.check_access_token(auth, token=token, now=NOW)
        assert refused.value.code == "token_invalid"
    await usecases.check_access_token(auth, token=jwt.sign(genuine, ours, typ="at+jwt"), now=NOW)  # the twin


async def test_a_session_of_another_house_opens_nothing_here(auth: Auth) -> None:
    elsewhere = await open_auth()
    await add(elsewhere)
    came = await log_in(elsewhere)
    with pytest.raises(SessionRefused):
        await usecases.check_session(auth, session_id=came.session_id.reveal(), now=NOW)
    token = (await tokens_for(elsewhere, came)).access_token
    with pytest.raises(SessionRefused):
        await usecases.check_access_token(auth, token=token, now=NOW)
    same = make_auth(elsewhere.store)  # the twin: another process of that house
    await usecases.keep_keys(same, now=NOW)
    await usecases.check_access_token(same, token=token, now=NOW)


@pytest.mark.parametrize("form", ["standard", "renewal"])
async def test_an_access_token_gets_no_tokens_that_outlive_it(world: World, form: str) -> None:
    """Every Service sees access tokens; whoever has one must be out when it expires (RFC 9700 §2.3)."""
    body = {"refresh": form}
    async with world.client() as client:
        stolen = {"authorization": f"Bearer {(await world.tokens(client, form))['access_token']}"}
        assert (await client.get("/api/me", headers=stolen)).status_code == 200
        refused = await client.post("/api/tokens", json=body, headers=stolen)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token")
        own = {"authorization": f"Bearer {await world.session(client)}"}
        assert (await client.post("/api/tokens", json=body, headers=own)).status_code == 200
    browser = await world.browser()
    by_cookie = await browser.post("/api/tokens", json=body, headers={"origin": world.config.issuer})
    assert by_cookie.status_code == 200
