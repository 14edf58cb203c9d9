"""What the page leaves for the launcher, and one browser for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from examples.clinic.clicks import KEPT, Click, Clicks
from examples.clinic.switch import FILE, Order, Switch
from pydantic import ValidationError

if TYPE_CHECKING:
    from pathlib import Path


def test_an_order_is_taken_once_and_the_latest_counts(tmp_path: Path) -> None:
    page, launcher = Switch(tmp_path), Switch(tmp_path)
    assert launcher.take() is None
    page.ask(Order.STOP_AUTH)
    page.ask(Order.START_AUTH)
    assert launcher.take() is Order.START_AUTH
    assert launcher.take() is None


@pytest.mark.parametrize("word", [b"", b"format-disk", b"\xff"])
def test_what_is_no_order_is_cleared_away(tmp_path: Path, word: bytes) -> None:
    (tmp_path / FILE).write_bytes(word)
    assert Switch(tmp_path).take() is None
    assert list(tmp_path.iterdir()) == []


def test_clicks_are_bounded_and_the_oldest_gives_way() -> None:
    clicks = Clicks()
    for number in range(KEPT + 1):
        clicks.keep(str(number), Click(at=number))
    assert clicks.of("0") is None
    assert clicks.of(str(KEPT)) == Click(at=KEPT)


@pytest.mark.parametrize(
    "click",
    [
        {"at": -1},
        {"at": float("nan")},
        {"at": 1, "refused": {"a": 1, "b": 1, "c": 1}},
        {"at": 1, "refused": {"x" * 21: 1}},
    ],
)
def test_what_nobody_measured_is_no_click(click: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Click.model_validate(click)
