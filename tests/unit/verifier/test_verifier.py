"""Token mode: what a Verifier accepts, and when it says that it cannot tell."""

import asyncio
import contextlib
import gc
import logging
import os
import threading
import time

import pytest
from tests.unit.verifier.world import (
    AUDIENCE,
    ISSUER,
    JWKS_URI,
    KEY,
    NOW,
    PATIENCE,
    Clock,
    Network,
    jwks,
    network,
    token,
    until,
    verifier,
)

from gatepass.jose import Key
from gatepass.oauth import metadata_url
from gatepass.verifier import (
    FetchFailed,
    Follower,
    KeyTerms,
    Unauthenticated,
    Unavailable,
    Verifier,
    following,
)

OTHER = Key.generate("ES256")


async def test_a_good_token_gives_its_principal(clock: Clock, follower: Follower) -> None:
    checks = verifier(network(), clock, follower)
    await checks.ready()
    principal = await checks.check(token())
    assert principal.subject == "ada"
    assert principal.session == "S" * 22
    assert principal.mode == "token"
    assert principal.permissions == {"appointments:read"}
    assert principal.roles == {"doctor"}
    assert principal.scopes == {"openid", "profile"}
    assert principal.epoch == 3
    assert principal.expires_at == NOW + 600
    assert principal.claims["jti"] == "J" * 22


async def test_before_the_first_keys_it_says_unavailable_and_never_401(
    clock: Clock, follower: Follower
) -> None:
    net = network()
    net.answers[JWKS_URI] = FetchFailed("status_500")
    checks = verifier(net, clock, follower)
    with pytest.raises(Unavailable) as refusal:
        checks.check_token(token())
    assert refusal.value.reason == "no_keys_yet"
    assert refusal.value.retry_after >= 1
    with pytest.raises(Unavailable):
        await checks.ready(within=0.05)


async def test_the_first_check_starts_the_follower(clock: Clock, follower: Follower) -> None:
    net = network()
    checks = verifier(net, clock, follower)
    with contextlib.suppress(Unavailable):  # or the follower was faster
        checks.check_token(token())
    await until(lambda: net.count(JWKS_URI) == 1)
    await checks.ready()
    assert checks.check_token(token()).subject == "ada"
    assert net.made == 1


async def test_keys_too_old_are_no_keys(clock: Clock, follower: Follower) -> None:
    net = network()
    checks = verifier(net, clock, follower)
    await checks.ready()
    net.answers[JWKS_URI] = FetchFailed("status_503")
    clock.pass_by(6 * 3600 - 1)
    late = token(now=clock.now)
    assert checks.check_token(late).subject == "ada"
    clock.pass_by(1)
    with pytest.raises(Unavailable) as refusal:
        checks.check_token(late)
    assert refusal.value.reason == "keys_too_old"


async def test_a_token_seen_again_expires_all_the_same(clock: Clock, follower: Follower) -> None:
    checks = verifier(network(), clock, follower)
    await checks.ready()
    seen = token()
    first = checks.check_token(seen, now=NOW)
    assert checks.check_token(seen, now=NOW + 599.9) is first
    with pytest.raises(Unauthenticated) as refusal:
        checks.check_token(seen, now=NOW + 600)
    assert refusal.value.reason == "expired"


async def test_a_token_seen_before_is_refused_once_its_key_is_gone(clock: Clock, follower: Follower) -> None:
    net = network(KEY, OTHER)
    checks = verifier(net, clock, follower)
    await checks.ready()
    seen, kept = token(), token(OTHER)
    assert checks.check_token(seen).subject == checks.check_token(kept).subject == "ada"
    before = checks.watch.keys.view
    net.answers[JWKS_URI] = jwks(OTHER)
    with pytest.raises(Unauthenticated):
        checks.check_token(token(Key.generate("ES256")))  # a stranger's kid makes the early fetch
    await until(lambda: checks.watch.keys.view is not before)
    assert net.count(JWKS_URI) == 2
    with pytest.raises(Unauthenticated) as refusal:
        checks.check_token(seen)
    assert refusal.value.reason == "key_not_found"
    assert checks.check_token(kept).subject == "ada"


async def test_a_new_key_is_found_by_the_first_token_that_names_it(clock: Clock, follower: Follower) -> None:
    net = network(KEY)
    checks = verifier(net, clock, follower)
    await checks.ready()
    before = checks.watch.keys.view
    net.answers[JWKS_URI] = jwks(KEY, OTHER)
    with pytest.raises(Unauthenticated):
        checks.check_token(token(OTHER))
    await until(lambda: checks.watch.keys.view is not before)
    assert net.count(JWKS_URI) == 2
    assert checks.check_token(token(OTHER)).subject == "ada"
    assert net.count(metadata_url(ISSUER)) == 1


async def test_the_log_says_why_and_never_the_token(
    clock: Clock, follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    checks = verifier(network(), clock, follower)
    await checks.ready()
    secret = token(aud="another-service")
    with (
        caplog.at_level(logging.DEBUG, logger="gatepass.verifier"),
        pytest.raises(Unauthenticated) as refusal,
    ):
        checks.check_token(secret)
    assert "code=claim_invalid" in caplog.text
    assert f"kid={KEY.kid!r}" in caplog.text
    assert "claim=aud" in caplog.text
    assert "another-service" not in caplog.text
    for segment in secret.split("."):
        assert segment not in caplog.text
        assert segment not in str(refusal.value)


async def test_a_kid_cannot_forge_a_line_of_the_log(
    clock: Clock, follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    checks = verifier(network(), clock, follower)
    await checks.ready()
    liar = Key.generate("ES256", kid="x\n2026-11-23 CRITICAL all is lost")
    with caplog.at_level(logging.INFO, logger="gatepass.verifier"), pytest.raises(Unauthenticated):
        checks.check_token(token(liar))
    assert all("\n" not in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("algorithms", [{"HS256"}, {"none"}, {"ES256", "HS256"}, set[str]()])
def test_only_signatures_can_be_allowed(algorithms: set[str]) -> None:
    with pytest.raises(ValueError):
        Verifier(issuer=ISSUER, audience=AUDIENCE, algorithms=frozenset(algorithms))


@pytest.mark.parametrize("issuer", ["http://auth.example", "file:///etc/passwd", "auth.example", ""])
def test_an_issuer_that_must_not_be_asked_cannot_be_named(issuer: str) -> None:
    with pytest.raises(Exception, match=r"URL|issuer"):
        Verifier(issuer=issuer, audience=AUDIENCE)


async def test_close_lets_the_connections_go(clock: Clock, follower: Follower) -> None:
    net = network()
    checks = verifier(net, clock, follower)
    await checks.ready()
    await checks.close()
    await until(lambda: net.closed == 1)


async def test_an_error_that_nobody_thought_of_ends_neither_the_following_nor_the_trust(
    clock: Clock, follower: Follower, caplog: pytest.LogCaptureFixture
) -> None:
    net = network()
    net.answers[JWKS_URI] = RuntimeError("nobody thought of this")
    checks = verifier(net, clock, follower, terms=KeyTerms(first_retry=0.01, longest_retry=0.01))
    with pytest.raises(Unavailable):
        await checks.ready(within=0.1)
    await until(lambda: "does not know" in caplog.text)
    net.answers[JWKS_URI] = jwks(KEY)
    clock.pass_by(1)
    await checks.ready()
    assert checks.check_token(token(now=clock.now)).subject == "ada"


async def test_a_client_that_can_never_be_made_is_not_tried_for_each_check(
    clock: Clock, follower: Follower, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "CLIENT_AGAIN", 1000.0)
    attempts: list[int] = []

    def make() -> Network:
        attempts.append(1)
        raise ImportError("not installed")

    checks = verifier(make, clock, follower)
    for _ in range(50):
        with pytest.raises(Unavailable):
            checks.check_token(token())
        await until(lambda: "cannot make its HTTP client" in caplog.text)
        await asyncio.sleep(0.002)  # so that the other thread could try once more
    assert len(attempts) == 1
    assert caplog.text.count("cannot make its HTTP client") == 1
    await checks.close()  # in the middle of the wait


async def test_a_client_that_cannot_be_made_is_tried_again(
    clock: Clock, follower: Follower, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "CLIENT_AGAIN", 0.01)
    net, installed = network(), threading.Event()

    def make() -> Network:
        if not installed.is_set():
            raise ImportError("not installed")
        return net()

    checks = verifier(make, clock, follower)
    with pytest.raises(Unavailable):
        await checks.ready(within=0.05)
    await until(lambda: "cannot make its HTTP client" in caplog.text)
    installed.set()
    await checks.ready()
    assert checks.check_token(token()).subject == "ada"


async def test_a_verifier_that_is_let_go_lets_its_connections_go(clock: Clock, follower: Follower) -> None:
    net = network()
    checks = verifier(net, clock, follower)
    await checks.ready()
    del checks
    gc.collect()
    await until(lambda: net.closed == 1)


async def test_one_thread_serves_all_verifiers(clock: Clock, follower: Follower) -> None:
    nets = [network(), network(), network()]
    before = set(threading.enumerate())
    for net in nets:
        await verifier(net, clock, follower).ready()
    assert [thread.name for thread in set(threading.enumerate()) - before] == ["gatepass-follower"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
async def test_after_a_fork_the_child_goes_on_with_the_keys_and_follows_by_itself(
    clock: Clock, follower: Follower
) -> None:
    net = network()
    checks = verifier(net, clock, follower)
    await checks.ready()
    good = token()
    child = os.fork()
    if not child:  # pragma: no cover: no measuring in there
        code = 1
        try:
            clock.pass_by(1000)
            asked = net.count(JWKS_URI)
            assert checks.check_token(token(now=clock.now)).subject == "ada"  # with the parent's keys
            end = time.monotonic() + PATIENCE
            while net.count(JWKS_URI) == asked and time.monotonic() < end:
                time.sleep(0.01)  # noqa: ASYNC251 (the child has no loop)
            code = 0 if net.count(JWKS_URI) == asked + 1 else 2
        finally:
            os._exit(code)
    _, status = await asyncio.to_thread(os.waitpid, child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert checks.check_token(good).subject == "ada"
