"""Head and body of an answer leave together, and nothing is kept back past its turn."""

from __future__ import annotations

import asyncio

import pytest

from gatepass.server.gathering import Gathering


class Wire(asyncio.Transport):
    """A connection that notes what it is told."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 5)})
        self.told: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.told.append(bytes(data))

    def close(self) -> None:
        self.told.append(b"<closed>")

    def abort(self) -> None:
        self.told.append(b"<dropped>")

    def is_closing(self) -> bool:
        return b"<closed>" in self.told


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
async def gathering(wire: Wire) -> Gathering:
    return Gathering(wire, asyncio.get_running_loop())


async def a_turn() -> None:
    await asyncio.sleep(0)


async def test_head_and_body_are_one_piece(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head ")
    gathering.write(b"body")
    assert wire.told == [b"head body"]
    await a_turn()
    assert wire.told == [b"head body"]


async def test_a_head_alone_leaves_in_its_turn(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head")
    assert wire.told == []
    await a_turn()
    assert wire.told == [b"head"]
    gathering.write(b"piece of a stream")
    await a_turn()
    assert wire.told == [b"head", b"piece of a stream"]


async def test_answers_of_one_turn_keep_their_order(wire: Wire, gathering: Gathering) -> None:
    for piece in (b"a", b"b", b"c"):
        gathering.write(piece)
    await a_turn()
    assert b"".join(wire.told) == b"abc"


async def test_an_empty_body_sends_its_head(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head")
    gathering.write(b"")
    assert wire.told == [b"head"]


async def test_what_was_kept_leaves_before_the_connection_closes(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head")
    gathering.close()
    assert wire.told == [b"head", b"<closed>"]
    assert gathering.is_closing()


async def test_a_dropped_connection_sends_nothing_more(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head")
    gathering.abort()
    await a_turn()
    assert wire.told == [b"<dropped>"]


async def test_a_client_that_went_meanwhile_is_sent_nothing(wire: Wire, gathering: Gathering) -> None:
    gathering.write(b"head")
    wire.close()
    await a_turn()
    assert wire.told == [b"<closed>"]


async def test_the_peer_is_known(gathering: Gathering) -> None:
    assert gathering.get_extra_info("peername") == ("192.0.2.1", 5)
