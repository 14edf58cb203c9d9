"""The demo's launcher as a person uses it: start, stop, start again."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import pytest
from tests.browser.conftest import free_ports, start_demo, stop_demo

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

OPEN = "Stop everything with Ctrl-C"


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_stops_cleanly_and_a_second_start_keeps_the_data(tmp_path: Path) -> None:
    port = free_ports()
    first = start_demo(port, tmp_path / "data")
    try:
        first.wait_for(OPEN, 120)
        assert [is_open(port + step) for step in range(3)] == [True] * 3
    finally:
        assert stop_demo(first, signal.SIGTERM) == 0
    assert [is_open(port + step) for step in range(3)] == [False] * 3
    assert any("First start" in line for line in first.said)
    people = (tmp_path / "data" / "directory.json").read_bytes()

    other_port = free_ports()
    second = start_demo(other_port, tmp_path / "data")
    try:
        second.wait_for(OPEN, 60)
    finally:
        assert stop_demo(second, signal.SIGINT) == 0
    assert not any("First start" in line for line in second.said)
    assert (tmp_path / "data" / "directory.json").read_bytes() == people
