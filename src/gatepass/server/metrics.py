"""What `GET /metrics` says, in Prometheus' text format 0.0.4. No label carries anything of a user.

Written by hand: the format is a page long, and the official client's counters cost more than a session check
has to spare (docs/adr/0002). Its parser reads what is written here, in the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeAlias

from gatepass.auth import StorageUnavailable
from gatepass.server.passwords import PasswordPool
from gatepass.server.traffic import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gatepass.auth import KeyRecord
    from gatepass.server.site import Site
    from gatepass.server.traffic import Traffic

Sample: TypeAlias = tuple[str, Mapping[str, str], float]
"""What stands behind the metric's name, its labels, its value."""

_LOGINS: Final = {"POST /api/login": 200, "POST /login": 303}
"""Where one logs in, and the status of success."""
_REFRESHES: Final = {"POST /api/refresh": 200}


def exposition(site: Site, keys: Sequence[KeyRecord], *, now: float) -> str:
    """Write all metrics."""
    return "".join(
        (
            *_traffic(site.traffic),
            *_feed(site, now=now),
            *_keys(keys, now=now),
            *_store(site),
        )
    )


def _traffic(traffic: Traffic) -> Iterator[str]:
    requests = [
        ("", {"operation": label, "status": str(status)}, sum(taken.buckets))
        for (label, status), taken in sorted(traffic.taken.items())
    ]
    yield from _metric("requests_total", "counter", "Requests answered.", requests)
    yield from _metric("request_seconds", "histogram", "How long an answer took.", _durations(traffic))
    refusals: Counter[str] = Counter()
    for (_, code), number in traffic.refusals.items():
        refusals[code] += number
    yield from _counter("refusals_total", "Requests refused, by code.", "code", refusals)
    yield from _counter("logins_total", "Log-ins by result.", "result", _results(traffic, _LOGINS))
    refreshes = _results(traffic, _REFRESHES)
    yield from _counter("refreshes_total", "Refreshes by result.", "result", refreshes)
    errors = refusals[StorageUnavailable.code]
    yield _number("database_errors_total", "counter", "Requests that the database failed.", errors)


def _durations(traffic: Traffic) -> Iterator[Sample]:
    buckets: dict[str, list[int]] = {}
    seconds: dict[str, float] = {}
    for (label, _), taken in sorted(traffic.taken.items()):
        before = buckets.get(label, [0] * len(taken.buckets))
        buckets[label] = [a + b for a, b in zip(before, taken.buckets, strict=True)]
        seconds[label] = seconds.get(label, 0.0) + taken.seconds
    for label, counts in buckets.items():
        for bound, number in zip((*map(str, BOUNDS), "+Inf"), accumulate(counts), strict=True):
            yield "_bucket", {"operation": label, "le": bound}, number
        yield "_sum", {"operation": label}, seconds[label]
        yield "_count", {"operation": label}, sum(counts)


def _results(traffic: Traffic, operations: Mapping[str, int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for label, success in operations.items():
        taken = traffic.taken.get((label, success))
        found["ok"] += 0 if taken is None else sum(taken.buckets)
    for (label, code), number in traffic.refusals.items():
        if label in operations:
            found[code] += number
    return found


def _feed(site: Site, *, now: float) -> Iterator[str]:
    feed = site.feed
    yield _number("feed_followers", "gauge", "Who follows the revocation feed here.", feed.followers)
    yield _number("feed_pages_total", "counter", "Pages of it signed.", feed.pages)
    if feed.true_at is not None:
        yield _number("feed_page_age_seconds", "gauge", "Since the last page was true.", now - feed.true_at)


def _keys(keys: Sequence[KeyRecord], *, now: float) -> Iterator[str]:
    states = Counter(record.state.value for record in keys)
    samples: list[Sample] = [("", {"state": state}, number) for state, number in sorted(states.items())]
    yield from _metric("keys", "gauge", "Signing keys by state.", samples)
    nexts = [record.activates_at for record in keys if record.activates_at > now]
    if nexts:
        yield _number("next_key_timestamp_seconds", "gauge", "When the next key takes over.", min(nexts))


def _store(site: Site) -> Iterator[str]:
    passwords, store = site.auth.passwords, site.auth.store
    waiting = passwords.waiting if isinstance(passwords, PasswordPool) else 0
    yield _number("passwords_waiting", "gauge", "Passwords in the queue to be hashed.", waiting)
    yield _number("database_commits_total", "counter", "Commits acknowledged.", store.commits)
    yield _number("database_lookups_total", "counter", "Read statements.", site.auth.store.lookups)


def _number(name: str, kind: str, text: str, value: float) -> str:
    return "".join(_metric(name, kind, text, [("", {}, value)]))


def _counter(name: str, text: str, label: str, numbers: Mapping[str, int]) -> Iterator[str]:
    samples: list[Sample] = [("", {label: value}, number) for value, number in sorted(numbers.items())]
    yield from _metric(name, "counter", text, samples)


def _metric(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP gatepass_auth_{name} {text}\n# TYPE gatepass_auth_{name} {kind}\n"
    for suffix, labels, value in samples:
        # Labels are our own words, without quotes, backslashes and line ends: nothing is to be escaped.
        written = ",".join(f'{label}="{said}"' for label, said in labels.items())
        braced = f"{{{written}}}" if written else ""
        yield f"gatepass_auth_{name}{suffix}{braced} {value}\n"
