"""What Auth was told to keep it keeps, whatever breaks (longer: `python -m benchmarks.faults_auth`)."""

from __future__ import annotations

import pytest
from examples.cluster.programs import NotHere, nginx, postgres
from tests.integration.faults import auth_faults


def test_a_synchronous_standby_that_is_promoted_has_all_that_was_acknowledged() -> None:
    try:
        nginx(), postgres()
    except NotHere as missing:
        pytest.skip(str(missing))
    seen = auth_faults.failover(synchronous=True, lasts=0)
    seen.judge()
    assert seen.ledger.count(503)


def test_a_full_disk_is_a_503_and_then_all_goes_on() -> None:
    seen = auth_faults.disk_full(lasts=0.5)
    seen.judge()
    assert seen.ledger.statuses().keys() <= {200, 204, 503}, seen.ledger.statuses()


def test_two_processes_on_one_file_stay_one_auth_though_one_is_killed() -> None:
    seen = auth_faults.two_on_one_file(lasts=0)
    seen.judge()
    assert seen.ledger.count(0)
