"""Logging in over the API: a log-in that comes to nothing leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gatepass.auth import AuthError, Contended, KeysUnavailable, StorageUnavailable, usecases

if TYPE_CHECKING:
    from tests.server_world import World

BODY = {"email": "ann@example.org", "password": "correct horse battery", "mode": "token"}
TROUBLES: dict[str, AuthError] = {
    "somebody else was quicker, five times": Contended(),
    "no key signs": KeysUnavailable(),
    "the disk is full": StorageUnavailable("SQLite: SQLITE_FULL"),
}


def failing(error: AuthError) -> object:
    async def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("error", TROUBLES.values(), ids=TROUBLES.keys())
async def test_a_log_in_without_tokens_leaves_no_session(
    world: World, monkeypatch: pytest.MonkeyPatch, error: AuthError
) -> None:
    monkeypatch.setattr(usecases, "issue_tokens", failing(error))
    async with world.client() as client:
        answer = await client.post("/api/login", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert await world.auth.store.live_sessions(world.now, None, 9) == []


async def test_a_session_that_cannot_be_ended_either_changes_nothing_in_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("issue_tokens", "log_out"):
        monkeypatch.setattr(usecases, name, failing(Contended()))
    async with world.client() as client:
        answer = await client.post("/api/login", json=BODY)
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert "a session without tokens was not ended" in caplog.text


async def test_a_log_in_with_tokens_keeps_its_session(world: World) -> None:
    async with world.client() as client:
        tokens = await world.tokens(client)
    ((session, _),) = await world.auth.store.live_sessions(world.now, None, 9)
    assert session.sid == tokens["sid"]
