"""The demo's launcher as a person uses it: start, stop, start again."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import pytest
from tests.browser.conftest import start_demo
from tests.ports import free_ports

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

OPEN = "Stop everything with Ctrl-C"


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_stops_cleanly_and_a_second_start_keeps_the_data(tmp_path: Path) -> None:
    port, *_ = ports = free_ports(3)
    first = start_demo(port, tmp_path / "data")
    try:
        first.wait_for(OPEN, 120)
        assert [is_open(each) for each in ports] == [True] * 3
    finally:
        assert first.stop(signal.SIGTERM) == 0
    assert [is_open(each) for each in ports] == [False] * 3
    assert any("First start" in line for line in first.said)
    people = (tmp_path / "data" / "directory.json").read_bytes()

    second = start_demo(free_ports(3)[0], tmp_path / "data")
    try:
        second.wait_for(OPEN, 120)
    finally:
        assert second.stop(signal.SIGINT) == 0
    assert not any("First start" in line for line in second.said)
    assert (tmp_path / "data" / "directory.json").read_bytes() == people
