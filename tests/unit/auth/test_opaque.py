"""Public ids can be typed behind a command."""

import pytest

from gatepass.auth.opaque import new_id


@pytest.mark.parametrize("first", range(256))
def test_a_public_id_begins_with_a_letter(first: int) -> None:
    made = new_id(lambda size: bytes([first]) + bytes(size - 1))
    assert len(made) == 22
    assert made[0].isalpha()


def test_public_ids_differ_with_their_entropy() -> None:
    assert new_id(lambda size: b"\x01" * size) != new_id(lambda size: b"\x02" * size)
