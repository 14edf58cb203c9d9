"""What is kept on disk: taken over when it is whole, ours and signed, and never otherwise."""

from __future__ import annotations

import gc
import os
import stat
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.unit.verifier.feed_world import FEED, FeedWorld, entry, page, sid, signed
from tests.unit.verifier.world import (
    ISSUER,
    JWKS_URI,
    KEY,
    NOW,
    Clock,
    Network,
    jwks,
    network,
    token,
    until,
    verifier,
)

from gatepass.jose import Key
from gatepass.oauth import Selects
from gatepass.verifier import Follower, Freshness, Unauthenticated, Unavailable, Verifier
from gatepass.verifier import shelf as shelf_module
from gatepass.verifier.feed import FeedTerms
from gatepass.verifier.shelf import REWRITTEN_AFTER, Shelf

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OTHER = Key.generate("ES256")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state"


def the(folder: Path, suffix: str) -> Path:
    (found,) = folder.glob(f"*.{suffix}")
    return found


async def filled(folder: Path, clock: Clock) -> FeedWorld:
    """Give the world of a process that kept a full answer of two pages, a change and a heartbeat."""
    world = FeedWorld(clock, shelf=Shelf(folder, issuer=ISSUER))
    await world.turn(
        signed(page(sid("one"), more=True)),
        signed(page(sid("two"), after=1)),
        stream=[signed(page(sid("three"), after=2)), signed(page(after=3, seq=3))],
    )
    return world


def end(world: FeedWorld) -> None:
    """Let a process end, and its lock go."""
    del world.work
    gc.collect()


async def restarted(folder: Path, clock: Clock, *keys: Key, issuer: str = ISSUER) -> FeedWorld:
    """Give the world of the next process, which finds the files and no Auth."""
    world = FeedWorld(clock, shelf=Shelf(folder, issuer=issuer))
    world.publishes(*(keys or (KEY,)))
    await world.turn()
    return world


# The view


async def test_the_next_process_goes_on_with_the_view_as_old_as_it_is(folder: Path, clock: Clock) -> None:
    end(await filled(folder, clock))
    clock.pass_by(50)
    world = await restarted(folder, clock)
    assert all(world.ended(session) for session in ("one", "two", "three"))
    assert world.age == 50
    assert world.rung == 1


@pytest.fixture
async def files(folder: Path, clock: Clock) -> list[Path]:
    await filled(folder, clock)
    return list(folder.iterdir())  # noqa: ASYNC240 (nobody else is on this loop)


def test_what_is_kept_is_its_owners_alone(folder: Path, files: list[Path]) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {path.suffix for path in files} == {".pages", ".heard", ".lock"}


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def forge(path: Path) -> None:
    lines = path.read_bytes().splitlines()
    lines[1] = signed(page(after=1, seq=2), OTHER).encode()
    path.write_bytes(b"\n".join(lines) + b"\n")


def lose_a_page(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:1] + lines[2:]))


def lose_the_last_page(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


def add_garbage(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\xff\x00 garbage\n")


def let_others_write(path: Path) -> None:
    path.chmod(0o666)


def let_the_group_write(path: Path) -> None:
    path.chmod(0o620)


def replace_by_link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def empty(path: Path) -> None:
    path.write_bytes(b"")


SPOILED: dict[str, tuple[str, Callable[[Path], None]]] = {
    "pages torn": ("pages", truncate),
    "pages forged": ("pages", forge),
    "a page lost in the middle": ("pages", lose_a_page),
    "the last page lost": ("pages", lose_the_last_page),
    "pages with garbage": ("pages", add_garbage),
    "pages that others may write": ("pages", let_others_write),
    "pages behind a symbolic link": ("pages", replace_by_link),
    "pages emptied": ("pages", empty),
    "pages gone": ("pages", os.unlink),
    "heard torn": ("heard", truncate),
    "heard that the group may write": ("heard", let_the_group_write),
    "heard behind a symbolic link": ("heard", replace_by_link),
    "heard gone": ("heard", os.unlink),
}


@pytest.mark.parametrize("attack", SPOILED)
async def test_a_spoiled_view_counts_as_none(folder: Path, clock: Clock, attack: str) -> None:
    world = await filled(folder, clock)
    suffix, spoil = SPOILED[attack]
    spoil(the(folder, suffix))
    world = await restarted(folder, clock)
    assert world.age == float("inf")  # nobody is let in by it
    await world.turn(signed(page(sid("one"), sid("two"), sid("three"), sid("four"))))
    assert world.ended("four")  # and what Auth says counts
    assert world.age == 0


async def test_a_last_page_that_was_signed_for_another_place_says_nothing(folder: Path, clock: Clock) -> None:
    await filled(folder, clock)
    heard = the(folder, "heard")
    later = {"at": NOW + 900, "page": signed(page(after=9, seq=9))}
    heard.write_bytes(msgspec.json.encode(later))
    assert (await restarted(folder, clock)).age == float("inf")


async def test_a_time_of_hearing_that_was_changed_is_believed_up_to_the_signature(
    folder: Path, clock: Clock
) -> None:
    await filled(folder, clock)
    heard = the(folder, "heard")
    heard.write_bytes(heard.read_bytes().replace(b"1800000000", b"1900000000"))
    clock.pass_by(500)
    assert (await restarted(folder, clock)).age == 470  # the leeway of 30, and no more


async def test_the_files_of_another_issuer_are_not_read(folder: Path, clock: Clock) -> None:
    await filled(folder, clock)
    other = "https://other.example"
    assert list(Shelf(folder, issuer=other).pages()) == []


@pytest.mark.parametrize(("issuer", "age"), [("https://other.example", float("inf")), (ISSUER, 0)])
async def test_pages_of_another_issuer_are_not_believed_wherever_they_lie(
    folder: Path, clock: Clock, issuer: str, age: float
) -> None:
    """Both issuers have this key, as two tenants of one site may."""
    shelf = Shelf(folder, issuer=ISSUER)
    text = signed(page(sid("one")), issuer=issuer)
    shelf.keep_page(text, page(sid("one")), heard_at=NOW, now=NOW)
    assert (await restarted(folder, clock)).age == age


async def test_a_key_that_was_withdrawn_meanwhile_signs_no_view(folder: Path, clock: Clock) -> None:
    await filled(folder, clock)
    world = await restarted(folder, clock, OTHER)
    assert world.age == float("inf")


async def test_the_view_is_kept_anew_after_each_start_and_before_its_signatures_expire(
    folder: Path, clock: Clock
) -> None:
    first = await filled(folder, clock)
    first.pass_by(REWRITTEN_AFTER - 1)
    await first.turn(signed(page(after=3, seq=3, true_at=clock())))
    assert first.net.asked[-2] == f"{FEED}?after=log.3"
    first.pass_by(1)
    await first.turn(signed(page(sid("four"), true_at=clock())))
    assert first.net.asked[-2] == FEED
    end(first)
    first.pass_by(86_400 - REWRITTEN_AFTER)  # the first answer's signatures have expired by now
    second = await restarted(folder, clock)
    assert second.ended("four")
    await second.turn(signed(page(sid("five"), true_at=clock())))
    assert second.net.asked[-2] == FEED  # or what it hears would not be kept
    end(second)
    third = await restarted(folder, clock)
    assert third.ended("five")
    assert third.age == 0


async def test_a_stream_is_left_for_a_moment_when_the_view_is_to_be_kept_anew(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "LARGEST", 8)  # more than two characters are too many
    world = FeedWorld(clock, shelf=Shelf(folder, issuer=ISSUER))
    wait = await world.turn(signed(page(sid("one"))), stream=[signed(page(sid("two"), after=1))])
    assert wait == 0
    await world.turn(signed(page(sid("one"), sid("two"))))
    assert world.net.asked[-2] == FEED
    end(world)


async def test_a_full_answer_as_long_as_can_be_makes_no_loop(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shelf_module, "LARGEST", 8)
    world = FeedWorld(clock, shelf=Shelf(folder, issuer=ISSUER))
    assert await world.turn(signed(page(sid("one"))), stream=[signed(page(after=1, seq=1))]) == 0.25
    await world.turn(signed(page(after=1, seq=1)))
    assert world.net.asked[-2] == f"{FEED}?after=log.1"
    end(world)


async def test_entries_that_went_from_the_feed_leave_no_gap_on_disk(folder: Path, clock: Clock) -> None:
    world = FeedWorld(clock, shelf=Shelf(folder, issuer=ISSUER))
    # Three places whose entries were compacted away; the last page of a full answer that has no entry.
    await world.turn(
        signed(page(sid("one"), more=True)),
        signed(page(after=1, seq=1)),
        stream=[signed(page(after=1, seq=4)), signed(page(sid("two"), after=4))],
    )
    end(world)
    world = await restarted(folder, clock)
    assert world.ended("one")
    assert world.ended("two")
    assert world.age == 0


async def test_a_disk_that_takes_nothing_stops_nobody(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    world = FeedWorld(clock, shelf=Shelf(folder, issuer=ISSUER))
    await world.turn(signed(page(sid("one"))))
    world.pass_by(7)
    monkeypatch.setattr(os, "open", full)
    await world.turn(signed(page(sid("two"), after=1)), stream=[signed(page(after=2, seq=2))])
    assert "No space left" in caplog.text
    assert world.ended("two")
    asked = len(world.net.asked)
    await world.turn(signed(page(after=2, seq=2)))
    assert world.net.asked[asked] == f"{FEED}?after=log.2"  # it is not tried again with each turn
    monkeypatch.undo()
    end(world)
    world = await restarted(folder, clock)
    assert not world.ended("two")  # it was not kept ...
    assert world.age == 7  # ... and nobody pretends so


def test_keys_that_find_no_room_leave_the_old_ones(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shelf = Shelf(folder, issuer=ISSUER)
    shelf.keep_keys(jwks(KEY), fetched_at=NOW)

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    shelf.keep_keys(jwks(OTHER), fetched_at=NOW + 1)
    monkeypatch.undo()
    assert "keys is not kept on disk: No space left" in caplog.text
    kept = shelf.keys()
    assert kept is not None
    assert kept[1] == NOW


def test_a_folder_that_others_can_write_to_is_not_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.chmod(0o777)
    shelf = Shelf(tmp_path, issuer=ISSUER)
    assert "folder of its own" in caplog.text
    shelf.keep_keys(jwks(KEY), fetched_at=NOW)
    assert shelf.keys() is None
    assert list(tmp_path.iterdir()) == []


# Keys


def test_keys_are_kept_with_their_time(folder: Path) -> None:
    shelf = Shelf(folder, issuer=ISSUER)
    assert shelf.keys() is None
    shelf.keep_keys(jwks(KEY), fetched_at=NOW)
    kept = Shelf(folder, issuer=ISSUER).keys()
    assert kept is not None
    assert [key.kid for key in kept[0]] == [KEY.kid]
    assert kept[1] == NOW


SPOILED_KEYS: dict[str, Callable[[Path], object]] = {
    "torn": truncate,
    "empty": empty,
    "others may write": let_others_write,
    "symbolic link": replace_by_link,
    "not JSON": lambda path: path.write_bytes(b"\xff"),
    "no key set": lambda path: path.write_bytes(
        msgspec.json.encode({"issuer": ISSUER, "fetched_at": NOW, "jwks": "{}"})
    ),
    "another issuer's": lambda path: path.write_bytes(
        path.read_bytes().replace(ISSUER.encode(), b"https://evil.example")
    ),
}


@pytest.mark.parametrize("attack", SPOILED_KEYS)
def test_spoiled_keys_count_as_none(folder: Path, attack: str) -> None:
    Shelf(folder, issuer=ISSUER).keep_keys(jwks(KEY), fetched_at=NOW)
    assert Shelf(folder, issuer=ISSUER).keys() is not None  # the twin
    SPOILED_KEYS[attack](the(folder, "keys"))
    assert Shelf(folder, issuer=ISSUER).keys() is None


# Processes


def test_one_process_writes_and_every_other_reads(folder: Path) -> None:
    first, second = Shelf(folder, issuer=ISSUER), Shelf(folder, issuer=ISSUER)
    first.keep_keys(jwks(KEY), fetched_at=NOW)
    second.keep_keys(jwks(OTHER), fetched_at=NOW + 1)  # a descriptor of its own, as in another process
    kept = second.keys()
    assert kept is not None
    assert kept[1] == NOW
    assert not second.wants_full_answer(now=NOW)
    assert first.wants_full_answer(now=NOW)
    del first
    gc.collect()
    third = Shelf(folder, issuer=ISSUER)
    third.keep_keys(jwks(OTHER), fetched_at=NOW + 2)
    kept = second.keys()
    assert kept is not None
    assert kept[1] == NOW + 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_writes_only_what_is_its_own_to_write(folder: Path) -> None:
    parent = Shelf(folder, issuer=ISSUER)
    text = signed(page(sid("one")))
    parent.keep_page(text, page(sid("one")), heard_at=NOW, now=NOW)
    child = os.fork()
    if not child:  # pragma: no cover: no measuring in there
        code = 1
        try:
            parent.keep_page("the child's", page(sid("two"), after=1), heard_at=NOW, now=NOW)
            code = 2 if parent.wants_full_answer(now=NOW) else 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert list(parent.pages()) == [text]
    parent.keep_page(text, page(after=1, seq=1), heard_at=NOW + 5, now=NOW)  # it still may
    heard = parent.last_heard()
    assert heard is not None
    assert heard.at == NOW + 5


# A whole Service


class Disk:
    """A Service's processes, one after the other, with one folder."""

    def __init__(self, folder: Path, clock: Clock, follower: Follower) -> None:
        self.folder, self.clock, self.follower = folder, clock, follower

    def verifier(self, net: Callable[[], Network]) -> Verifier:
        terms = FeedTerms(first_retry=0.01, longest_retry=0.01)
        return verifier(net, self.clock, self.follower, feed=terms, state_dir=self.folder)


@pytest.fixture
async def kept(folder: Path, clock: Clock, follower: Follower) -> Disk:
    """Give the folder of a Service that ran, heard of one kick, and ended."""
    Shelf(folder, issuer=ISSUER).keep_keys(jwks(KEY), fetched_at=clock())
    world = FeedWorld(clock, shelf=Shelf(folder, issuer=ISSUER))
    await world.turn(signed(page(sid("kicked"), entry(Selects.CHANGED, "bob", below=4))))
    return Disk(folder, clock, follower)


async def test_a_service_that_starts_while_auth_is_down_works_within_its_contract(kept: Disk) -> None:
    kept.clock.pass_by(119)
    checks = kept.verifier(Network)
    await checks.ready()
    assert checks.check_token(token()).subject == "ada"
    with pytest.raises(Unauthenticated) as refusal:
        checks.check_token(token(sid="kicked"))
    assert refusal.value.reason == "revoked_sid"
    kept.clock.pass_by(2)
    with pytest.raises(Unavailable) as old:
        checks.check_token(token())
    assert old.value.reason == "view_too_old"
    assert checks.check_token(token(), freshness=Freshness(max_staleness=300)).subject == "ada"
    assert checks.check_token(token(), freshness=Freshness(on_stale="allow")).subject == "ada"


async def test_a_service_that_starts_too_late_is_unavailable_and_says_so(kept: Disk) -> None:
    kept.clock.pass_by(121)
    checks = kept.verifier(Network)
    await checks.ready()
    with pytest.raises(Unavailable):
        checks.check_token(token())


async def test_keys_past_their_limit_are_not_taken_up(kept: Disk) -> None:
    kept.clock.pass_by(6 * 3600)
    checks = kept.verifier(Network)
    await until(lambda: _refused(checks) == "keys_too_old")


def _refused(checks: Verifier) -> str:
    with pytest.raises(Unavailable) as refusal:
        checks.check_token(token(now=checks.clock()))
    return refusal.value.reason


async def test_fresh_keys_take_the_place_of_the_kept_ones(kept: Disk) -> None:
    net = network(OTHER)
    net.answers[JWKS_URI] = jwks(OTHER)
    checks = kept.verifier(net)
    await checks.ready()
    await until(lambda: known(checks) == {OTHER.kid})
    assert net.count(JWKS_URI) == 1
    with pytest.raises(Unauthenticated) as refusal:
        checks.check_token(token(KEY))
    assert refusal.value.reason == "key_not_found"


def known(checks: Verifier) -> set[str | None]:
    view = checks.watch.keys.view
    assert view is not None
    return {key.kid for key in view.keys}


async def test_shared_secrets_on_disk_become_no_keys(folder: Path, clock: Clock, follower: Follower) -> None:
    secret = (
        b'{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0","alg":"HS256","kid":"x"}]}'
    )
    Shelf(folder, issuer=ISSUER).keep_keys(secret, fetched_at=clock())
    checks = Disk(folder, clock, follower).verifier(Network)
    assert not await checks.watch.ready(0.05)
