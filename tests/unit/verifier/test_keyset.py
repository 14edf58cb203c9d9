"""When keys are fetched, and how long they are trusted."""

import pytest
from tests.unit.verifier.world import ISSUER, JWKS_URI, KEY, NOW, Clock, network

from gatepass.jose import Key, KeySet
from gatepass.verifier import KeyTerms
from gatepass.verifier.issuer import Issuer
from gatepass.verifier.key_work import KeyWork
from gatepass.verifier.keyset import TrustedKeys

OTHER = Key.generate("ES256")
TERMS = KeyTerms(lifetime=300, shortest=60, longest=3600, stale_limit=6 * 3600, cool_down=30)


def trusted(jitter: float = 0.0) -> TrustedKeys:
    return TrustedKeys(terms=TERMS, cache_size=10, jitter=lambda: jitter)


def fetched(trust: TrustedKeys, *keys: Key, now: float = NOW, max_age: float | None = None) -> None:
    trust.fetched(KeySet([key.public() for key in keys or (KEY,)]), max_age=max_age, now=now)


def test_the_first_fetch_is_due_at_once() -> None:
    assert trusted().wait(now=NOW) == 0


@pytest.mark.parametrize(
    ("max_age", "jitter", "wait"),
    [
        (None, 0.0, 210),
        (None, 1.0, 270),
        (600, 0.0, 420),
        (0, 0.0, 42),  # nobody makes us ask in a loop
        (10**9, 0.0, 2520),  # nor keeps us from seeing a new key
    ],
)
def test_keys_are_fetched_ahead_of_the_end_of_their_freshness(
    max_age: float | None, jitter: float, wait: float
) -> None:
    trust = trusted(jitter)
    fetched(trust, max_age=max_age)
    assert trust.wait(now=NOW) == pytest.approx(wait)


def test_failures_are_retried_after_a_wait_that_doubles_up_to_its_limit() -> None:
    trust = trusted(jitter=1.0)
    waits = []
    for _ in range(8):
        trust.failed(now=NOW)
        waits.append(trust.wait(now=NOW))
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_failure_keeps_the_keys_until_the_stated_limit() -> None:
    trust = trusted()
    fetched(trust)
    trust.failed(now=NOW + 300)
    assert trust.view is not None
    assert trust.view.good_until == NOW + TERMS.stale_limit


def test_a_good_fetch_after_failures_forgets_them() -> None:
    trust = trusted(jitter=1.0)
    for _ in range(5):
        trust.failed(now=NOW)
    fetched(trust)
    trust.failed(now=NOW)
    assert trust.wait(now=NOW) == 1


def test_an_unknown_kid_makes_one_early_fetch_due_in_a_cool_down() -> None:
    trust = trusted()
    fetched(trust)
    assert trust.may_fetch_early(now=NOW)
    trust.fetch_early(now=NOW)
    assert trust.wait(now=NOW) == 0
    fetched(trust)
    assert not trust.may_fetch_early(now=NOW + 29)
    trust.fetch_early(now=NOW + 29)
    assert trust.wait(now=NOW + 29) > 0
    assert trust.may_fetch_early(now=NOW + 30)


def test_an_unknown_kid_hurries_nothing_while_there_are_no_keys() -> None:
    trust = trusted(jitter=1.0)
    trust.failed(now=NOW)
    trust.fetch_early(now=NOW)
    assert trust.wait(now=NOW) == 1


def test_the_same_keys_in_another_order_keep_the_verified_tokens() -> None:
    trust = trusted()
    fetched(trust, KEY, OTHER)
    before = trust.view
    fetched(trust, OTHER, KEY, now=NOW + 100)
    assert before is not None
    assert trust.view is not None
    assert trust.view.tokens is before.tokens
    assert trust.view.good_until == before.good_until + 100


@pytest.mark.parametrize(
    "after",
    [
        pytest.param((OTHER,), id="a key went, another came"),
        pytest.param((KEY, OTHER), id="a key came"),
        pytest.param((Key.generate("ES256", kid=KEY.kid),), id="another key under the same kid"),
    ],
)
def test_a_change_of_keys_forgets_the_verified_tokens(after: tuple[Key, ...]) -> None:
    trust = trusted()
    fetched(trust, KEY)
    before = trust.view
    fetched(trust, *after)
    assert before is not None
    assert trust.view is not None
    assert trust.view.tokens is not before.tokens


async def test_a_clock_set_back_makes_a_fetch_due_at_once() -> None:
    trust, clock, net = trusted(), Clock(NOW), network()
    issuer = Issuer(ISSUER, algorithms=frozenset({"ES256"}))
    work = KeyWork(issuer, trust, shelf=None, clock=clock, fetched=lambda: None)
    for now, fetches in ((NOW, 1), (NOW - 60, 1), (NOW - 10**7, 2), (NOW - 10**7 + 60, 2)):
        clock.now = now
        assert await work.turn(net) > 0
        assert net.count(JWKS_URI) == fetches
    assert trust.view is not None
    assert trust.view.good_until == NOW - 10**7 + TERMS.stale_limit


@pytest.mark.parametrize(
    "terms",
    [
        {"shortest": 0},
        {"lifetime": 10, "shortest": 20},
        {"longest": 7200, "stale_limit": 3600},
        {"cool_down": 0},
        {"first_retry": 60},
    ],
)
def test_terms_that_contradict_themselves_cannot_be_made(terms: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        KeyTerms(**terms)


@pytest.mark.parametrize(("failures", "seconds"), [(0, 1), (1, 2), (3, 5), (9, 31)])
def test_a_client_is_told_when_keys_may_be_there(failures: int, seconds: int) -> None:
    trust = trusted(jitter=1.0)
    for _ in range(failures):
        trust.failed(now=NOW)
    assert trust.retry_after(now=NOW) == seconds
