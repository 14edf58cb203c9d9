"""The freshness contract: how long a Service goes on from memory, and what it says then."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from tests.unit.verifier.watched import ALLOW, ASK, DENY, Service
from tests.unit.verifier.world import Clock, until

from gatepass.oauth import INACTIVE
from gatepass.verifier import (
    FetchFailed,
    Follower,
    Freshness,
    Refused,
    TokenStale,
    Unauthenticated,
    Unavailable,
)
from gatepass.verifier import verifier as verifier_module
from gatepass.verifier.challenge import answer


@pytest.mark.parametrize("freshness", [DENY, ALLOW, ASK], ids=lambda freshness: freshness.on_stale)
async def test_up_to_its_limit_every_contract_goes_on_from_memory(
    service: Service, freshness: Freshness
) -> None:
    token = service.issuer.token()
    service.fall_silent(60)
    assert (await service.checks.check(token, freshness=freshness)).subject == "ada"
    assert service.checks.check_waiting(token, freshness=freshness).subject == "ada"
    assert service.checks.check_token(token, freshness=freshness).subject == "ada"
    assert service.line.asked == 0


async def outcome(service: Service, token: str, freshness: Freshness) -> Refused | None:
    """Check both ways, which must come out alike."""
    found: list[Refused | None] = []
    for check in (
        service.checks.check(token, freshness=freshness),
        asyncio.to_thread(service.checks.check_waiting, token, freshness=freshness),
    ):
        try:
            await check
        except Refused as refusal:
            found.append(refusal)
        else:
            found.append(None)
    assert type(found[0]) is type(found[1])
    return found[0]


async def test_past_it_deny_says_503_with_retry_after_and_never_401(service: Service) -> None:
    token = service.issuer.token()
    service.fall_silent(60.5)
    refusal = await outcome(service, token, DENY)
    assert isinstance(refusal, Unavailable)
    assert refusal.reason == "view_too_old"
    headers = dict(answer(refusal, realm="my-site").headers)
    assert answer(refusal, realm="my-site").status == 503
    assert int(headers["retry-after"]) >= 1
    assert "www-authenticate" not in headers
    assert service.line.asked == 0


async def test_past_it_allow_goes_on_with_what_is_known(service: Service) -> None:
    service.issuer.kick("s1")
    known, token = service.issuer.token(sid="s1"), service.issuer.token()
    service.fall_silent(500)
    assert await outcome(service, token, ALLOW) is None
    assert isinstance(await outcome(service, known, ALLOW), Unauthenticated)
    service.clock.pass_by(100)
    refusal = await outcome(service, token, ALLOW)  # and not beyond the token's own end
    assert isinstance(refusal, Unauthenticated)
    assert refusal.reason == "expired"
    assert service.line.asked == 0


async def test_past_it_ask_takes_auths_word_and_keeps_it_as_long_as_a_view(service: Service) -> None:
    token = service.issuer.token(sid="s1")
    service.fall_silent(61)
    assert await outcome(service, token, ASK) is None
    assert service.line.asked == 1  # the second check had the answer of the first
    service.clock.pass_by(60)
    assert await outcome(service, token, ASK) is None
    assert service.line.asked == 1
    service.clock.pass_by(1)
    service.issuer._ended.add("s1")  # Auth knows, and the feed is cut
    refusal = await outcome(service, token, ASK)
    assert isinstance(refusal, Unauthenticated)
    assert refusal.reason == "inactive"
    assert service.line.asked == 3


async def test_past_it_auths_no_counts_for_every_guard_though_its_yes_is_younger_than_their_contract(
    service: Service,
) -> None:
    token, strict = service.issuer.token(sid="s1"), Freshness(max_staleness=10, on_stale="ask")
    service.fall_silent(61)
    assert await outcome(service, token, ASK) is None
    service.clock.pass_by(11)
    assert await outcome(service, token, ASK) is None
    service.issuer._ended.add("s1")
    assert isinstance(await outcome(service, token, strict), Unauthenticated)
    assert isinstance(await outcome(service, token, ASK), Unauthenticated)


async def test_past_it_ask_hears_that_a_token_is_stale(service: Service) -> None:
    token = service.issuer.token("ada")
    service.fall_silent(61)
    service.issuer._epochs["ada"] = 5
    assert isinstance(await outcome(service, token, ASK), TokenStale)
    assert service.checks.health().counts.stale == 2


@pytest.mark.parametrize(
    "said",
    [b"", b"<html>", b'{"active":true}', b'{"active":1}', b"[]"],
    ids=lambda said: said.decode() or "-",
)
async def test_past_it_ask_denies_when_the_answer_is_none(service: Service, said: bytes) -> None:
    token = service.issuer.token()
    service.fall_silent(61)
    service.line.answer = said
    assert isinstance(await outcome(service, token, ASK), Unavailable)
    service.line.answer = INACTIVE
    assert isinstance(await outcome(service, token, ASK), Unauthenticated)


async def test_past_it_ask_believes_no_answer_about_another(service: Service) -> None:
    token, other = service.issuer.token("ada"), service.issuer.token("bob")
    service.fall_silent(61)
    service.line.answer = service.issuer.check_token(other)
    assert isinstance(await outcome(service, token, ASK), Unavailable)
    assert await outcome(service, other, ASK) is None


async def test_past_it_ask_denies_when_auth_is_down_and_a_known_answer_still_counts(service: Service) -> None:
    asked, new = service.issuer.token(), service.issuer.token()
    service.fall_silent(61)
    assert await outcome(service, asked, ASK) is None
    service.issuer.down = True
    assert await outcome(service, asked, ASK) is None
    refusal = await outcome(service, new, ASK)
    assert isinstance(refusal, Unavailable)
    assert refusal.retry_after >= 1


async def test_past_it_ask_denies_when_auth_says_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier_module, "ASK_PATIENCE", 0.02)
    token = service.issuer.token()
    service.fall_silent(61)
    service.line.silent = True
    assert isinstance(await outcome(service, token, ASK), Unavailable)


async def test_past_it_ask_waits_for_no_follower_that_hangs(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier_module, "FOLLOWER_PATIENCE", 0.02)
    token = service.issuer.token()
    service.fall_silent(61)
    hanging, over = threading.Event(), threading.Event()

    async def hang() -> None:
        hanging.set()
        over.wait()  # as a disk does that does not answer

    service.checks._follower.call(hang())
    await asyncio.to_thread(hanging.wait)
    assert isinstance(await outcome(service, token, ASK), Unavailable)
    assert await outcome(service, token, ALLOW) is None  # from memory nobody waits
    over.set()


async def test_from_memory_alone_nobody_is_asked_whatever_the_contract(service: Service) -> None:
    token = service.issuer.token()
    service.fall_silent(61)
    with pytest.raises(Unavailable):
        service.checks.check_token(token, freshness=ASK)
    assert service.checks.check_token(token, freshness=ALLOW).subject == "ada"
    assert service.line.asked == 0


@pytest.mark.parametrize("freshness", [DENY, ASK, ALLOW], ids=lambda freshness: freshness.on_stale)
async def test_a_view_that_was_never_heard_is_too_old(
    clock: Clock, follower: Follower, freshness: Freshness
) -> None:
    service = Service(clock, follower)
    get = service.line.get

    async def all_but_the_feed(url: str, *, patience: float = 0) -> Any:
        if "/revocations" in url:
            raise FetchFailed("status_500")
        return await get(url, patience=patience)

    service.line.get = all_but_the_feed  # type: ignore[method-assign]
    reason = "no_keys_yet"
    while reason == "no_keys_yet":  # the keys come in the background, within milliseconds or a bit later
        with pytest.raises(Unavailable) as refusal:
            await service.checks.ready(0.05)
        reason = refusal.value.reason
    assert reason == "no_view_yet"
    found = await outcome(service, service.issuer.token(), freshness)
    assert isinstance(found, Unavailable) if freshness is DENY else found is None
    assert service.line.asked == (freshness is ASK)
    assert service.checks.health().view_age is None


async def test_the_view_is_fresh_again_when_the_line_is_back(service: Service) -> None:
    token = service.issuer.token()
    service.fall_silent(61)
    assert isinstance(await outcome(service, token, DENY), Unavailable)
    service.line.cut = False
    await until(lambda: service.checks.health().view_age == 0)
    assert await outcome(service, token, DENY) is None
