"""The cache of verified tokens."""

import pytest

from gatepass.verifier.cache import Held, TokenCache
from gatepass.verifier.principal import Principal

ADA = Held(Principal(subject="ada", session="s", epoch=0, auth_time=0, expires_at=10, mode="token"), seen=0)


def test_it_gives_back_what_was_put_under_the_whole_text_only() -> None:
    cache = TokenCache(limit=4)
    cache.put("a.b.c", ADA)
    assert cache.get("a.b.c") is ADA
    assert cache.get("a.b.c=") is None
    assert cache.get("a.b") is None


def test_it_never_grows_past_its_limit_and_drops_the_oldest() -> None:
    cache = TokenCache(limit=3)
    for name in "abcd":
        cache.put(name, ADA)
    assert len(cache) == 3
    assert cache.get("a") is None
    assert cache.get("d") is ADA


def test_it_shrinks_again_where_threads_that_met_have_put_in_too_many() -> None:
    cache = TokenCache(limit=3)
    cache._entries.update(dict.fromkeys("abcdef", ADA))  # each of them found that there was room
    cache.put("g", ADA)
    assert len(cache) == 3
    assert cache.get("g") is ADA


def test_what_was_dropped_is_gone() -> None:
    cache = TokenCache(limit=3)
    cache.put("a", ADA)
    cache.drop("a")
    cache.drop("a")
    assert cache.get("a") is None


def test_a_cache_for_nothing_cannot_be_made() -> None:
    with pytest.raises(ValueError):
        TokenCache(limit=0)
